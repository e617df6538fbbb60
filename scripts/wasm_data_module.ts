/**
 * @file Bytes as a WebAssembly module with one data segment and an exported memory: the one kind of binary file that a published
 * package can import, cached with the module graph and without a permission.
 *
 * A function that does nothing stands before the data: V8 looks modules up by a hash of all that precedes the first function's code,
 * and hashing some megabytes of data takes it longer than all else that an import does.
 */

const PAGE_BYTES = 65536;
const TYPE_SECTION = 1;
const FUNCTION_SECTION = 3;
const MEMORY_SECTION = 5;
const EXPORT_SECTION = 7;
const CODE_SECTION = 10;
const DATA_SECTION = 11;

/** One type, that of a function without parameters and results; one function of it; its body, which has no locals and ends. */
const TYPES = [1, 0x60, 0, 0];
const FUNCTIONS = [1, 0];
const CODE = [1, 2, 0, 0x0b];

/** A module whose export `memory` begins with `data`. */
export function wasmDataModule(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const pages = Math.ceil(data.length / PAGE_BYTES);
  const memory = [1, 1, ...leb128(pages), ...leb128(pages)];
  const exported = [1, 6, ...new TextEncoder().encode("memory"), 2, 0];
  const segmentHead = [1, 0, 0x41, 0, 0x0b, ...leb128(data.length)];
  const head = [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[TYPE_SECTION, ...leb128(TYPES.length), ...TYPES],
    ...[FUNCTION_SECTION, ...leb128(FUNCTIONS.length), ...FUNCTIONS],
    ...[MEMORY_SECTION, ...leb128(memory.length), ...memory],
    ...[EXPORT_SECTION, ...leb128(exported.length), ...exported],
    ...[CODE_SECTION, ...leb128(CODE.length), ...CODE],
    ...[DATA_SECTION, ...leb128(segmentHead.length + data.length), ...segmentHead],
  ];
  const module = new Uint8Array(head.length + data.length);
  module.set(head);
  module.set(data, head.length);
  return module;
}

/** Unsigned LEB128, as the WebAssembly binary format writes sizes (core specification, 5.2.2). */
function leb128(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}
