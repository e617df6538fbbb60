/**
 * @file Everything of a sequence that changes as tokens pass: keys and values, convolution and SSM states, the position and the
 * last hidden row. All of it is allocated here; no other file holds mutable bytes of a sequence.
 */
import type { Backend, Cursor, KvCache } from "./backend.ts";
import type { HymbaConfig } from "./config.ts";
import { ConfigError } from "./errors.ts";
import { SharedCache } from "./shared_cache.ts";
import { INITIAL_GLOBAL_SLOTS, ringSize, type StateLayout } from "./state_layout.ts";
import { byteLength, elementCount, rows, type Tensor } from "./tensor.ts";

/** One sequence's state. Layers that read another layer's keys and values have no cache of their own. */
export class SequenceState {
  readonly #backend: Backend;
  readonly #config: HymbaConfig;
  readonly layout: StateLayout;
  #position = 0;
  /** The position where the backend's kernels read it. */
  readonly cursor: Cursor;
  /** Per layer; a consumer's entry is its owner's cache. */
  readonly caches: KvCache[] = [];
  /** The caches that keep every position, by owning layer. */
  readonly #growing = new Map<number, SharedCache>();
  /** Per layer, `[dConv - 1, dInner]`. */
  readonly convStates: readonly Tensor[];
  /** Per layer, `[dInner, dState]`. */
  readonly ssmStates: readonly Tensor[];
  /** `[1, hiddenSize]`: the last token's hidden row after the final norm, from which the next token's logits follow. */
  readonly lastHidden: Tensor;

  /** An empty state; its growing caches are those of `sharer`, if there is one. */
  constructor(backend: Backend, config: HymbaConfig, layout: StateLayout, sharer?: SequenceState) {
    this.#backend = backend;
    this.#config = config;
    this.layout = layout;
    const { dConv, dInner, dState, hiddenSize, layers } = config;
    this.cursor = backend.createCursor();
    this.convStates = layers.map(() => backend.allocate([dConv - 1, dInner], "f32"));
    this.ssmStates = layers.map(() => backend.allocate([dInner, dState], "f32"));
    this.lastHidden = backend.allocate([1, hiddenSize], "f32");
    const slots = layout.maxContext === null
      ? INITIAL_GLOBAL_SLOTS
      : config.numMetaTokens + layout.maxContext;
    layers.forEach(({ kvOwner }, layer) => {
      if (kvOwner < layer) {
        this.caches.push(this.caches[kvOwner]);
        return;
      }
      const shared = (sharer && sharer.#growing.get(layer)) ??
        new SharedCache(this.#allocateCache(layer, slots));
      this.caches.push(shared.cache);
      if (shared.cache.ringSize === null) this.#grow(layer, shared);
    });
  }

  /** Position of the next token, meta tokens counted. */
  get position(): number {
    return this.#position;
  }

  /** Layers that own a cache. */
  get owners(): readonly number[] {
    return this.#config.layers.flatMap(({ kvOwner }, layer) => kvOwner === layer ? [layer] : []);
  }

  /** What every token changes as a whole: convolution states, SSM states and the last hidden row. */
  get recurrent(): readonly Tensor[] {
    return [...this.convStates, ...this.ssmStates, this.lastHidden];
  }

  /** The buffers that the state holds in the backend's memory now, and their bytes; those shared with forks are in both. */
  get buffers(): ReadonlyMap<unknown, number> {
    return new Map(
      this.#tensors().map(({ buffer, dtype, shape }) => [buffer, byteLength(dtype, elementCount(shape))]),
    );
  }

  /**
   * Checks that `tokens` more tokens are within the declared context.
   *
   * @throws {ConfigError} where they are not; nothing has changed then
   */
  requireRoom(tokens: number): void {
    const { maxContext } = this.layout;
    const used = this.#position - this.#config.numMetaTokens;
    if (maxContext === null || used + tokens <= maxContext) return;
    throw new ConfigError(
      `Cannot append ${tokens} tokens: the session has ${used} of its maxContext ${maxContext}, expected room for them`,
      "Create the session with a larger maxContext, or rewind it",
    );
  }

  /**
   * Makes room for `tokens` more positions, in caches that no fork is in the way of, nor will be: the positions are claimed, so that
   * several sequences can reserve before one pass writes for all of them.
   *
   * @throws {ConfigError} where the declared context is used up
   */
  reserve(tokens: number): void {
    this.requireRoom(tokens);
    const needed = this.#position + tokens;
    for (const [layer, shared] of this.#growing) {
      const [slots] = shared.cache.keys.shape;
      if (slots < needed || !shared.isAppendableBy(this)) {
        const cache = this.#allocateCache(layer, slots >= needed ? slots : Math.max(needed, 2 * slots));
        this.#copyCache(shared.cache, cache);
        this.#release(shared);
        this.#grow(layer, new SharedCache(cache));
      }
      this.#growing.get(layer)!.hold(this, needed);
    }
  }

  /** Records that `tokens` tokens have passed through every layer. */
  advance(tokens: number): void {
    this.#position += tokens;
    this.#backend.setCursor(this.cursor, this.#position);
    this.#growing.forEach((shared) => shared.hold(this, this.#position));
  }

  /** Goes back to an earlier position. What else was overwritten since, the caller puts back: {@linkcode StateMark}. */
  retreat(position: number): void {
    this.advance(position - this.#position);
  }

  /** Tokens that can pass before a cache has to grow or the declared context is used up. */
  get room(): number {
    const { maxContext } = this.layout;
    const slots = [...this.#growing.values()].map(({ cache }) => cache.keys.shape[0]);
    if (maxContext !== null) slots.push(this.#config.numMetaTokens + maxContext);
    return Math.min(...slots) - this.#position;
  }

  /** A state of its own that continues from here: growing caches are shared until they diverge, the rest is copied. */
  fork(): SequenceState {
    return this.#copyTo(new SequenceState(this.#backend, this.#config, this.layout, this));
  }

  /** Like {@linkcode SequenceState.fork}, in another layout; for states that hold the meta tokens and no more. */
  forkAs(layout: StateLayout): SequenceState {
    return this.#copyTo(new SequenceState(this.#backend, this.#config, layout));
  }

  /** Frees every buffer that no fork shares. */
  dispose(): void {
    const own = this.owners.filter((layer) => !this.#growing.has(layer)).map((layer) => this.caches[layer]);
    own.forEach((cache) => this.#freeCache(cache));
    this.#growing.forEach((shared) => this.#release(shared));
    this.recurrent.forEach((tensor) => this.#backend.free(tensor));
    this.#backend.freeCursor(this.cursor);
  }

  #copyTo(copy: SequenceState): SequenceState {
    copy.advance(this.#position);
    for (const layer of this.owners) {
      if (copy.caches[layer] !== this.caches[layer]) copy.#copyCache(this.caches[layer], copy.caches[layer]);
    }
    this.recurrent.forEach((tensor, i) => this.#backend.copy(tensor, copy.recurrent[i]));
    return copy;
  }

  #tensors(): Tensor[] {
    const caches = this.owners.flatMap((layer) => [this.caches[layer].keys, this.caches[layer].values]);
    return [...caches, ...this.recurrent];
  }

  #allocateCache(layer: number, growingSlots: number): KvCache {
    const { numMetaTokens, numKvHeads, headDim, vHeadDim } = this.#config;
    const ring = ringSize(this.#config, this.layout, layer);
    const slots = ring === null ? growingSlots : numMetaTokens + ring;
    const allocate = (width: number): Tensor =>
      this.#backend.allocate([slots, numKvHeads * width], this.layout.kvDtype);
    return { keys: allocate(headDim), values: allocate(vHeadDim), numMetaTokens, ringSize: ring };
  }

  /** Takes part in a shared cache, in place of the one before. */
  #grow(layer: number, shared: SharedCache): void {
    shared.hold(this, this.#position);
    this.#growing.set(layer, shared);
    this.#config.layers.forEach(({ kvOwner }, reader) => {
      if (kvOwner === layer && reader < this.caches.length) this.caches[reader] = shared.cache;
    });
  }

  #release(shared: SharedCache): void {
    if (shared.release(this)) this.#freeCache(shared.cache);
  }

  #copyCache(from: KvCache, to: KvCache): void {
    const used = Math.min(this.#position, from.keys.shape[0], to.keys.shape[0]);
    this.#backend.copy(rows(from.keys, 0, used), rows(to.keys, 0, used));
    this.#backend.copy(rows(from.values, 0, used), rows(to.values, 0, used));
  }

  #freeCache(cache: KvCache): void {
    this.#backend.free(cache.keys);
    this.#backend.free(cache.values);
  }
}
