/** @file Bearer keys, compared in constant time: how long a refusal takes says nothing about the keys. */
import { ApiError } from "../api_error.ts";

/** The keys that open a server; without any, it is open. */
export class BearerKeys {
  /** SHA-256 of each: equally long, and unrelated to what the key begins with. */
  readonly #digests: Promise<readonly Uint8Array[]>;
  readonly #isOpen: boolean;

  constructor(keys: readonly string[]) {
    this.#isOpen = keys.length === 0;
    this.#digests = Promise.all(keys.map(digest));
  }

  /**
   * Checks a request's `Authorization` header.
   *
   * @throws {ApiError} where it is missing or wrong
   */
  async check(request: Request): Promise<void> {
    if (this.#isOpen) return;
    const [, given] = /^Bearer +(\S{1,512}) *$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    if (given === undefined) {
      throw refusal("No API key was given, expected the header Authorization: Bearer KEY");
    }
    const wanted = await this.#digests, actual = await digest(given);
    let found = 0;
    for (const key of wanted) found |= isEqual(key, actual);
    if (found === 0) throw refusal("The API key is wrong, expected one of this server's");
  }
}

async function digest(key: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)));
}

/** 1 where two digests are the same, else 0; every byte is looked at. */
function isEqual(a: Uint8Array, b: Uint8Array): number {
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i] ^ b[i];
  return difference === 0 ? 1 : 0;
}

function refusal(message: string): ApiError {
  return new ApiError(message, { status: 401, type: "authentication_error", code: "invalid_api_key" });
}
