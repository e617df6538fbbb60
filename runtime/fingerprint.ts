/** @file A model's name for itself: a hash of its weights and of everything that changes what they compute. */
import { concatenate } from "./state_bytes.ts";

/** Hashes tensors as they pass by; digests run beside the load. */
export class Fingerprint {
  readonly #digests: Promise<ArrayBuffer>[] = [];

  /** Takes in something that has to be the same: a tensor's bytes, an option. Resolves when no copy of them is held any more. */
  async add(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const digest = crypto.subtle.digest("SHA-256", bytes);
    this.#digests.push(digest);
    await digest;
  }

  /** Takes in text. */
  async addText(text: string): Promise<void> {
    await this.add(new TextEncoder().encode(text));
  }

  /** SHA-256 over the digests of everything taken in, in its order, as hexadecimal digits. */
  async hex(): Promise<string> {
    const digests = (await Promise.all(this.#digests)).map((digest) => new Uint8Array(digest));
    const whole = new Uint8Array(await crypto.subtle.digest("SHA-256", concatenate(digests)));
    return Array.from(whole, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}
