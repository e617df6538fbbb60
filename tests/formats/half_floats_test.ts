import { assertEquals } from "@std/assert";
import { decodeBf16, decodeF16, encodeBf16, encodeF16 } from "../../runtime/formats/half_floats.ts";

/** Value of a binary16 bit pattern, from the definition in IEEE 754. */
function halfValue(bits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction / 1024 * 2 ** -14);
}

const all = Uint16Array.from({ length: 65536 }, (_, i) => i);

Deno.test("decodeF16 agrees with the definition for all 65536 patterns", () => {
  const out = new Float32Array(65536);
  decodeF16(all, out);
  for (let i = 0; i < 65536; i++) assertEquals(out[i], halfValue(i), `pattern ${i}`);
});

Deno.test("encodeF16 undoes decodeF16 for all patterns that are not NaN", () => {
  const values = new Float32Array(65536);
  decodeF16(all, values);
  const back = new Uint16Array(65536);
  encodeF16(values, back);
  for (let i = 0; i < 65536; i++) {
    if (Number.isNaN(values[i])) assertEquals(back[i] & 0x7fff, 0x7e00);
    else assertEquals(back[i], i);
  }
});

Deno.test("encodeF16 rounds to nearest, ties to even, around every boundary", () => {
  const middles: number[] = [];
  const expected: number[] = [];
  for (let bits = 0; bits < 0x7bff; bits++) {
    const middle = (halfValue(bits) + halfValue(bits + 1)) / 2; // exact in f32
    const ulp = 2 ** Math.max(-149, Math.floor(Math.log2(middle)) - 23);
    middles.push(middle - ulp, middle, middle + ulp, -middle);
    const even = bits & 1 ? bits + 1 : bits;
    expected.push(bits, even, bits + 1, even | 0x8000);
  }
  middles.push(65519.996, 65520, 1e30, -Infinity, 2 ** -25, 2 ** -25 * 1.0000001, -(2 ** -26), 1e-45);
  expected.push(0x7bff, 0x7c00, 0x7c00, 0xfc00, 0, 1, 0x8000, 0);
  const out = new Uint16Array(middles.length);
  encodeF16(Float32Array.from(middles), out);
  assertEquals(out, Uint16Array.from(expected));
});

Deno.test("decodeBf16 and encodeBf16 are inverse for all patterns that are not NaN", () => {
  const values = new Float32Array(65536);
  decodeBf16(all, values);
  assertEquals([values[0x3f80], values[0xc000], values[0x0001]], [1, -2, 2 ** -133]);
  const back = new Uint16Array(65536);
  encodeBf16(values, back);
  for (let i = 0; i < 65536; i++) {
    if (Number.isNaN(values[i])) assertEquals(back[i], i | 0x40);
    else assertEquals(back[i], i);
  }
});

Deno.test("encodeBf16 rounds to nearest, ties to even", () => {
  const words = Uint32Array.from([
    0x3f807fff,
    0x3f808000,
    0x3f808001,
    0x3f818000,
    0xbf818000,
    0x7f7f8000,
    0x00008000,
  ]);
  const out = new Uint16Array(words.length);
  encodeBf16(new Float32Array(words.buffer), out);
  assertEquals(out, Uint16Array.of(0x3f80, 0x3f80, 0x3f81, 0x3f82, 0xbf82, 0x7f80, 0));
});
