/** @file A growing K/V cache that forks share, copied only when two of them would write the same slot. */
import type { KvCache } from "./backend.ts";

/** A cache with one slot a position, and who has how many of its positions. */
export class SharedCache {
  readonly cache: KvCache;
  readonly #lengths = new Map<object, number>();

  constructor(cache: KvCache) {
    this.cache = cache;
  }

  /** Records that `holder` has the first `length` positions. */
  hold(holder: object, length: number): void {
    this.#lengths.set(holder, length);
  }

  /** Forgets a holder; true when nobody is left and the buffers can be freed. */
  release(holder: object): boolean {
    this.#lengths.delete(holder);
    return this.#lengths.size === 0;
  }

  /** Whether `holder` may write behind its last position: nobody else has more positions than it. */
  isAppendableBy(holder: object): boolean {
    const own = this.#lengths.get(holder) ?? 0;
    return [...this.#lengths].every(([other, length]) => other === holder || length <= own);
  }
}
