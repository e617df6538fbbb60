import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { bytesModule, exportsModule, withoutCustomSections } from "../../scripts/wasm_package.ts";

/** A module that exports `one: () => 1`, with custom sections before, between and behind the others. */
function moduleWithCustomSections(size: number): { bytes: Uint8Array; plain: Uint8Array } {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const types = [1, 5, 1, 0x60, 0, 1, 0x7f];
  const functions = [3, 2, 1, 0];
  const exports = [7, 7, 1, 3, 0x6f, 0x6e, 0x65, 0, 0];
  const code = [10, 6, 1, 4, 0, 0x41, 1, 0x0b];
  const payload = [4, 0x6e, 0x61, 0x6d, 0x65, ...new Array(size).fill(7)];
  const length = payload.length < 128 ? [payload.length] : [payload.length & 127 | 128, payload.length >> 7];
  const custom = [0, ...length, ...payload];
  return {
    bytes: Uint8Array.from([
      ...header,
      ...custom,
      ...types,
      ...functions,
      ...custom,
      ...exports,
      ...code,
      ...custom,
    ]),
    plain: Uint8Array.from([...header, ...types, ...functions, ...exports, ...code]),
  };
}

Deno.test("withoutCustomSections leaves the other sections as they are", () => {
  for (const size of [0, 100, 1000]) {
    const { bytes, plain } = moduleWithCustomSections(size);
    assert(WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>));
    assertEquals(withoutCustomSections(bytes), plain);
  }
});

Deno.test("bytesModule gives a module whose wasmBytes are the bytes", async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const decoder = new URL("../../wasm/decode_base64.ts", import.meta.url).href;
  const text = bytesModule(bytes, "All bytes.").replace("../decode_base64.ts", decoder);
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, text);
    assertEquals((await import(`file://${file}`)).wasmBytes(), bytes);
  } finally {
    await Deno.remove(file);
  }
});

const GLUE = "\nexport type InitInput = string;\nexport interface InitOutput {}\n";

Deno.test("exportsModule turns wasm-bindgen's functions into methods, with their comments", () => {
  const declarations = `/* tslint:disable */
/* eslint-disable */

/**
 * Adds.
 */
export function add(a: number, b: number): number;

export function wide(a: bigint, b: boolean): void;

export function sealed(): boolean;
${GLUE}`;
  const text = exportsModule(declarations);
  assertStringIncludes(
    text,
    "  /**\n   * Adds.\n   */\n  add(a: number, b: number): number;\n\n  wide(a: bigint, b: boolean): void;\n\n  sealed(): number;\n}",
  );
  assert(!text.includes("lint") && !text.includes("InitInput"));
});

Deno.test("exportsModule refuses what would need wasm-bindgen's glue", () => {
  for (
    const signature of [
      "f(a: string): void",
      "f(a: number, b: Float32Array): void",
      "f(): string | undefined",
    ]
  ) {
    assertThrows(() => exportsModule(`export function ${signature};${GLUE}`), Error, "needs glue");
  }
});
