/** Bytes to store in tests, which tell whether they are whole. */
import { assertEquals } from "@std/assert";

/** Bytes that tell which save they belong to, at every position. */
export function patterned(seed: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (seed * 31 + i * 7 + (i >> 8)) & 255;
  return bytes;
}

/** Compares large byte strings without making a difference of them. */
export function assertSame(actual: Uint8Array, expected: Uint8Array, what = ""): void {
  assertEquals(actual.length, expected.length, what);
  const at = actual.findIndex((byte, i) => byte !== expected[i]);
  assertEquals(at, -1, `first difference ${what}`);
}
