/** @file A file on the local disk, in every runtime that has `node:fs/promises`: Deno, Node and Bun. */

import type { FileHandle } from "node:fs/promises";
import { MissingFileError, WeightsError } from "../errors.ts";
import { allocateBytes, type ByteSource, checkRange } from "../formats/byte_source.ts";

/** Bytes asked of the system at once: some refuse 2 GiB and more, and an abort waits for one such piece. */
const PIECE_BYTES = 64 << 20;

/**
 * Opens a local file for reading.
 *
 * @param path a path, or a `file:` URL
 * @throws {WeightsError} when there is no file system here, or the file cannot be opened
 */
export async function openFileSource(path: string | URL): Promise<ByteSource> {
  const name = String(path);
  const { open } = await import("node:fs/promises").catch((cause: unknown) => {
    throw new WeightsError(
      `Cannot open "${name}": this platform has no file system, expected Deno, Node or Bun`,
      "Give the model as a URL or as bytes instead",
      { cause },
    );
  });
  try {
    const file = await open(path, "r");
    const status = await file.stat();
    if (status.isFile()) return fileSource(name, file, status.size);
    await file.close();
  } catch (cause) {
    const Failure = (cause as { code?: unknown }).code === "ENOENT" ? MissingFileError : WeightsError;
    throw new Failure(
      `Cannot open "${name}": ${cause instanceof Error ? cause.message : cause}, expected a readable file`,
      "Check that the file is there and may be read (in Deno: --allow-read)",
      { cause },
    );
  }
  throw new WeightsError(`Cannot open "${name}": it is a folder or device, expected a file`, "Name a file");
}

function fileSource(name: string, file: FileHandle, size: number): ByteSource {
  const source: ByteSource = {
    name,
    size,
    async read(
      offset: number,
      length: number,
      signal?: AbortSignal,
      into?: Uint8Array<ArrayBuffer>,
    ): Promise<Uint8Array<ArrayBuffer>> {
      checkRange(source, offset, length);
      const bytes = into ?? allocateBytes(length, name);
      let filled = 0;
      while (filled < length) {
        signal?.throwIfAborted();
        const wanted = Math.min(PIECE_BYTES, length - filled);
        const count = await readPiece(file, name, bytes.subarray(filled, filled + wanted), offset + filled);
        filled += count;
      }
      signal?.throwIfAborted();
      return bytes;
    },
    close: () => file.close(),
  };
  return source;
}

/** Fills as much of `target` as the system gives at once; returns the number of bytes, at least 1. */
async function readPiece(
  file: FileHandle,
  name: string,
  target: Uint8Array,
  position: number,
): Promise<number> {
  const { bytesRead } = await file.read(target, 0, target.length, position).catch((cause: unknown) => {
    throw new WeightsError(
      `Cannot read "${name}": ${cause instanceof Error ? cause.message : cause}, expected readable bytes`,
      "Check the disk and that the file is still open",
      { cause },
    );
  });
  if (bytesRead > 0) return bytesRead;
  throw new WeightsError(
    `Cannot read "${name}": it ends at byte ${position}, expected at least one more`,
    "The file became shorter while it was read; write it again, then load it",
  );
}
