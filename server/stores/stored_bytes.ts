/** @file A checksum beside stored bytes, so that damage shows however they are kept. */
import { WeightsError } from "../../runtime/errors.ts";
import { excerpt } from "../../runtime/formats/excerpt.ts";

/** What has to be known of bytes to notice that they changed. */
export interface Checksum {
  readonly byteLength: number;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

/** The checksum of bytes. */
export async function checksumOf(bytes: Uint8Array): Promise<Checksum> {
  return { byteLength: bytes.length, sha256: await sha256Hex(bytes) };
}

/**
 * Checks that the bytes of a session are those that a checksum was made of.
 *
 * @throws {WeightsError} where they are not
 */
export async function verifyChecksum(id: string, bytes: Uint8Array, checksum: Checksum): Promise<void> {
  const { byteLength, sha256 } = checksum;
  if (bytes.length !== byteLength) throw damaged(id, `it has ${bytes.length} bytes, expected ${byteLength}`);
  if (await sha256Hex(bytes) !== sha256) {
    throw damaged(id, "its checksum is wrong, expected that of its bytes");
  }
}

/** The error for a session whose stored form cannot be read. */
export function damaged(id: string, problem: string, cause?: unknown): WeightsError {
  return new WeightsError(
    `Cannot load session ${excerpt(id)}: ${problem}`,
    "The stored session was damaged; delete it and begin anew",
    { cause },
  );
}

/** SHA-256 in hexadecimal digits. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)).toHex();
}
