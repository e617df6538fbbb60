/** @file The file that a caller means, wherever it is. */
import type { ByteSource } from "../formats/byte_source.ts";
import { openBytesSource } from "./bytes_source.ts";
import { openFileSource } from "./file_source.ts";
import { retryingFetch } from "./retry.ts";
import { openUrlSource } from "./url_source.ts";

/** A path, a URL with "file:", "http:" or "https:", the file's bytes, or an opened file. */
export type FileSource = string | URL | Uint8Array<ArrayBuffer> | ByteSource;

/**
 * Opens a file of this machine, of a web server or in memory.
 *
 * @throws {MissingFileError} where there is no such file
 * @throws {WeightsError} where it cannot be read
 */
export async function openFile(source: FileSource, signal?: AbortSignal): Promise<ByteSource> {
  if (source instanceof Uint8Array) return openBytesSource("bytes", source);
  if (typeof source === "object" && !(source instanceof URL)) return source;
  const location = String(source);
  if (/^https?:/i.test(location)) return await openUrlSource(location, { fetch: retryingFetch(), signal });
  return await openFileSource(/^file:/i.test(location) ? new URL(location) : location);
}
