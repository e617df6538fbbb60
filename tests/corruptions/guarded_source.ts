import type { ByteSource } from "../../runtime/formats/byte_source.ts";
import { openBytesSource } from "../../runtime/sources/bytes_source.ts";

/**
 * A file in memory that counts what is asked of it. Real sources allocate what is asked, so a read beyond the file's end is
 * an allocation beyond the file's size: it is counted as such, not only refused.
 */
export class GuardedSource implements ByteSource {
  readonly name = "damaged";
  readonly size: number;
  /** Reads that did not lie inside the file. */
  readsBeyond = 0;
  reads = 0;
  readBytes = 0;
  readonly #source: ByteSource;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.size = bytes.length;
    this.#source = openBytesSource(this.name, bytes);
  }

  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    this.reads++;
    if (offset >= 0 && length >= 0 && offset + length <= this.size) this.readBytes += length;
    else this.readsBeyond++;
    return this.#source.read(offset, length);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
