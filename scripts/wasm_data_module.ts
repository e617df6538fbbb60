/**
 * @file Bytes as a WebAssembly module with one passive data segment and a function that copies parts of it to an exported memory: the one kind
 * of binary file that a published package can import, cached with the module graph and without a permission. Nothing is copied, and no memory
 * taken, before it is read.
 *
 * The function also stands before the data for a reason of its own: V8 looks modules up by a hash of all that precedes the first function's
 * code, and hashing some megabytes of data takes it longer than all else that an import does.
 */

const PAGE_BYTES = 65536;
const TYPE_SECTION = 1;
const FUNCTION_SECTION = 3;
const MEMORY_SECTION = 5;
const EXPORT_SECTION = 7;
const CODE_SECTION = 10;
const DATA_SECTION = 11;
const DATA_COUNT_SECTION = 12;

/** One type: two i32, no result. One function of it. */
const TYPES = [1, 0x60, 2, 0x7f, 0x7f, 0];
const FUNCTIONS = [1, 0];
/** `memory.init` of segment 0 at address 0, from the first parameter's byte on, as many as the second says. */
const BODY = [0, 0x41, 0, 0x20, 0, 0x20, 1, 0xfc, 8, 0, 0, 0x0b];
const CODE = [1, BODY.length, ...BODY];

/** A module whose export `read(offset, length)` copies bytes of `data` to the beginning of its export `memory`. */
export function wasmDataModule(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const pages = Math.ceil(data.length / PAGE_BYTES);
  const memory = [1, 1, ...leb128(pages), ...leb128(pages)];
  const exported = [2, ...exportOf("memory", 2), ...exportOf("read", 0)];
  const segmentHead = [1, 1, ...leb128(data.length)];
  const head = [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[TYPE_SECTION, ...leb128(TYPES.length), ...TYPES],
    ...[FUNCTION_SECTION, ...leb128(FUNCTIONS.length), ...FUNCTIONS],
    ...[MEMORY_SECTION, ...leb128(memory.length), ...memory],
    ...[EXPORT_SECTION, ...leb128(exported.length), ...exported],
    ...[DATA_COUNT_SECTION, 1, 1],
    ...[CODE_SECTION, ...leb128(CODE.length), ...CODE],
    ...[DATA_SECTION, ...leb128(segmentHead.length + data.length), ...segmentHead],
  ];
  const module = new Uint8Array(head.length + data.length);
  module.set(head);
  module.set(data, head.length);
  return module;
}

/** An export of index 0 of a kind: 0 is a function, 2 a memory. */
function exportOf(name: string, kind: number): number[] {
  return [name.length, ...new TextEncoder().encode(name), kind, 0];
}

/** Unsigned LEB128, as the WebAssembly binary format writes sizes (core specification, 5.2.2). */
function leb128(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}
