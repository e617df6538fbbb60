/** @file WebAssembly modules that carry data, as scripts/wasm_data_module.ts makes them, and the file that several of them are together. */
import { type ByteSource, checkRange } from "../../runtime/formats/byte_source.ts";

/** The exports of a data module. */
export interface DataModule {
  /** Holds what was read last, from its first byte on. */
  readonly memory: WebAssembly.Memory;
  /** Copies `length` bytes of the data, from byte `offset` on, to the memory. */
  read(offset: number, length: number): void;
}

/** A part of a file: a data module, and how many bytes it has. */
export interface DataPart {
  readonly data: DataModule;
  readonly byteLength: number;
}

/**
 * Source over data modules laid end to end.
 *
 * @param name what to call the file in error messages
 */
export function openDataModules(name: string, parts: readonly DataPart[]): ByteSource {
  const source: ByteSource = {
    name,
    size: parts.reduce((sum, { byteLength }) => sum + byteLength, 0),
    // deno-lint-ignore require-await -- async, so that a bad range rejects instead of throwing
    async read(offset, length, signal, into): Promise<Uint8Array<ArrayBuffer>> {
      signal?.throwIfAborted();
      checkRange(source, offset, length);
      const bytes = into ?? new Uint8Array(length);
      gather(parts, offset, bytes);
      return bytes;
    },
    close: () => Promise.resolve(),
  };
  return source;
}

/** Copies the bytes from `offset` on. Not left in the modules' memories, which several readers share. */
function gather(parts: readonly DataPart[], offset: number, into: Uint8Array): void {
  let start = 0;
  for (const { data, byteLength } of parts) {
    const first = Math.max(offset, start);
    const count = Math.min(offset + into.length, start + byteLength) - first;
    if (count > 0) {
      data.read(first - start, count);
      into.set(new Uint8Array(data.memory.buffer, 0, count), first - offset);
    }
    start += byteLength;
  }
}
