/** @file Random access to the bytes of one file, wherever it lives: memory, disk or a web server. */

import { WeightsError } from "../errors.ts";

/** Bytes of one file that can be read in any order and any number of times. */
export interface ByteSource {
  /** What to call the file in error messages: a file name, a path or a URL. */
  readonly name: string;
  /** Length of the file in bytes. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes starting at byte `offset`. The result may share memory with the source, so it must
   * not be written to. Throws `WeightsError` when the range does not lie inside the file or the bytes do not arrive,
   * and `signal.reason` when aborted.
   *
   * @param into `length` bytes that a source which would allocate memory for the result may use instead
   */
  read(
    offset: number,
    length: number,
    signal?: AbortSignal,
    into?: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** Releases the file. Nothing may be read afterwards. */
  close(): Promise<void>;
}

/** Throws `WeightsError` unless `length` bytes from `offset` lie inside the file. Every source calls it before it reads. */
export function checkRange(source: Pick<ByteSource, "name" | "size">, offset: number, length: number): void {
  const inside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) &&
    offset >= 0 && length >= 0 && length <= source.size - offset;
  if (inside) return;
  throw new WeightsError(
    `Cannot read "${source.name}": bytes ${offset} to ${
      offset + length
    } are wanted, expected at most ${source.size}`,
    "The file is truncated or its header is damaged; download it again",
  );
}

/** New zeroed array of `length` bytes to read "name" into. Throws `WeightsError` when the platform cannot give it. */
export function allocateBytes(length: number, name: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new WeightsError(
      `Cannot read "${name}": this platform cannot hold ${length} bytes in one array, expected fewer`,
      "Free memory, or use a smaller or more strongly quantised model",
      { cause },
    );
  }
}

/** `bytes`, or a copy of them where `alignment` bytes per element forbid a typed array over them. */
export function aligned(bytes: Uint8Array, alignment: number): Uint8Array {
  if (bytes.byteOffset % alignment === 0) return bytes;
  const copy = allocateBytes(bytes.length, "a tensor");
  copy.set(bytes);
  return copy;
}
