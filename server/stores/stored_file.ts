/**
 * @file One stored session as a file: length of the head (u32, little-endian) | head (sealed JSON, with a checksum of its own) | the
 * session's bytes. The head can be read without the bytes.
 */
import * as v from "valibot";
import { seal, type SealedKind, unseal } from "../../runtime/formats/sealed_file.ts";
import { damaged, verifyChecksum } from "./stored_bytes.ts";

const KIND: SealedKind = { name: "stored session", magic: "HYMBASTO", version: 1 };

const Head = v.strictObject({
  id: v.string(),
  version: v.string(),
  expiresAt: v.nullable(v.number()),
  byteLength: v.pipe(v.number(), v.integer(), v.minValue(0)),
  sha256: v.string(),
});

/** What a stored file says before its bytes. */
export type StoredHead = v.InferOutput<typeof Head>;

const LENGTH_BYTES = 4;
const MAX_HEAD_BYTES = 1 << 16;

/** Writes a session's head and bytes to the beginning of an empty file. */
export async function writeStored(file: Deno.FsFile, head: StoredHead, bytes: Uint8Array): Promise<void> {
  const sealed = await seal(KIND, head);
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, sealed.length, true);
  for (const part of [length, sealed, bytes]) await writeAll(file, part);
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
}

/**
 * Reads the head from the beginning of a file.
 *
 * @param name what to call the session in an error
 * @throws {WeightsError} where it is damaged
 */
export async function readStoredHead(file: Deno.FsFile, name: string): Promise<StoredHead> {
  const length = new DataView((await read(file, name, LENGTH_BYTES)).buffer).getUint32(0, true);
  if (length > MAX_HEAD_BYTES) {
    throw damaged(name, `its head has ${length} bytes, expected at most ${MAX_HEAD_BYTES}`);
  }
  const { header } = await unseal(KIND, await read(file, name, length));
  const result = v.safeParse(Head, header);
  if (!result.success) throw damaged(name, "its head lacks what a head has, expected it whole");
  return result.output;
}

/**
 * Reads the bytes behind the head.
 *
 * @throws {WeightsError} where they are damaged
 */
export async function readStoredBytes(file: Deno.FsFile, head: StoredHead): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await read(file, head.id, head.byteLength);
  await verifyChecksum(head.id, bytes, head);
  return bytes;
}

async function read(file: Deno.FsFile, name: string, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const { size } = await file.stat();
  if (length > size) throw damaged(name, `its file has ${size} bytes, expected at least ${length}`);
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const count = await file.read(bytes.subarray(done));
    if (count === null) {
      throw damaged(name, `its file ends ${length - done} bytes early, expected all of them`);
    }
    done += count;
  }
  return bytes;
}
