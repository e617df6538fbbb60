/** @file A model's name for itself: a hash of its weights and of everything that changes what they compute. */
import { concatenate } from "./state_bytes.ts";

/** Hashes a checkpoint's tensors as they pass by; digests run beside the load. */
export class WeightsHash {
  readonly #digests: Promise<ArrayBuffer>[] = [];

  /** Takes in the next tensor's bytes, or a part of them. Resolves when no copy of them is held any more. */
  async add(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const digest = crypto.subtle.digest("SHA-256", bytes);
    this.#digests.push(digest);
    await digest;
  }

  /** SHA-256 over the digests of everything taken in, in its order, as hexadecimal digits. */
  async hex(): Promise<string> {
    const digests = (await Promise.all(this.#digests)).map((digest) => new Uint8Array(digest));
    return await sha256(concatenate(digests));
  }
}

/**
 * The fingerprint of a network.
 *
 * @param settings what else has to be the same, as text
 * @param weightsHash of the tensors, as {@linkcode WeightsHash} makes it
 */
export async function fingerprintOf(settings: string, weightsHash: string): Promise<string> {
  return await sha256(new TextEncoder().encode(JSON.stringify([settings, weightsHash])));
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
