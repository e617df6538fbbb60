/**
 * @file Bytes as a WebAssembly module with one data segment and an exported memory: the one kind of binary file that a published
 * package can import, cached with the module graph and without a permission.
 */

const PAGE_BYTES = 65536;
const MEMORY_SECTION = 5;
const EXPORT_SECTION = 7;
const DATA_SECTION = 11;

/** A module whose export `memory` begins with `data`. */
export function wasmDataModule(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const pages = Math.ceil(data.length / PAGE_BYTES);
  const memory = [1, 1, ...leb128(pages), ...leb128(pages)];
  const exported = [1, 6, ...new TextEncoder().encode("memory"), 2, 0];
  const segmentHead = [1, 0, 0x41, 0, 0x0b, ...leb128(data.length)];
  const head = [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[MEMORY_SECTION, ...leb128(memory.length), ...memory],
    ...[EXPORT_SECTION, ...leb128(exported.length), ...exported],
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
