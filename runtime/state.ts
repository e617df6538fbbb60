/**
 * @file Everything of a sequence that changes as tokens pass: keys and values, convolution and SSM states, the position and the
 * last hidden row. All of it is allocated here; no other file holds mutable bytes of a sequence.
 */
import type { Backend, Cursor, KvCache } from "./backend.ts";
import type { HymbaConfig } from "./config.ts";
import { byteLength, elementCount, rows, type Tensor } from "./tensor.ts";

/** Storage type of keys and values. SSM and convolution states are always f32. */
export type KvDtype = "f32" | "f16";

/** How a state is laid out. */
export interface StateLayout {
  /** Most tokens that one forward pass appends; a window layer's ring has windowSize + chunkSize slots. */
  readonly chunkSize: number;
  readonly kvDtype: KvDtype;
}

/** Positions that a global layer's cache has room for at first; it doubles when they are used up. */
const INITIAL_GLOBAL_SLOTS = 512;

/** One sequence's state. Layers that read another layer's keys and values have no cache of their own. */
export class SequenceState {
  readonly #backend: Backend;
  readonly #config: HymbaConfig;
  readonly #layout: StateLayout;
  /** Position of the next token, meta tokens counted; the host's copy of the cursor. */
  position = 0;
  readonly cursor: Cursor;
  /** Per layer; a consumer's entry is its owner's cache. */
  readonly caches: KvCache[];
  /** Per layer, `[dConv - 1, dInner]`. */
  readonly convStates: readonly Tensor[];
  /** Per layer, `[dInner, dState]`. */
  readonly ssmStates: readonly Tensor[];
  /** `[1, hiddenSize]`: the last token's hidden row after the final norm, from which the next token's logits follow. */
  readonly lastHidden: Tensor;

  constructor(backend: Backend, config: HymbaConfig, layout: StateLayout) {
    this.#backend = backend;
    this.#config = config;
    this.#layout = layout;
    const { dConv, dInner, dState, hiddenSize, layers } = config;
    this.cursor = backend.createCursor();
    this.convStates = layers.map(() => backend.allocate([dConv - 1, dInner], "f32"));
    this.ssmStates = layers.map(() => backend.allocate([dInner, dState], "f32"));
    this.lastHidden = backend.allocate([1, hiddenSize], "f32");
    this.caches = [];
    layers.forEach(({ kvOwner, attention }, layer) => {
      this.caches.push(
        kvOwner < layer ? this.caches[kvOwner] : this.#allocateCache(attention, INITIAL_GLOBAL_SLOTS),
      );
    });
  }

  /** Bytes that the state takes in the backend's memory now. */
  get byteLength(): number {
    return this.#tensors().reduce((sum, { dtype, shape }) => sum + byteLength(dtype, elementCount(shape)), 0);
  }

  /** Makes room for `tokens` more positions in the global layers' caches. */
  reserve(tokens: number): void {
    const needed = this.position + tokens;
    this.#config.layers.forEach(({ attention, kvOwner }, layer) => {
      const cache = this.caches[layer];
      if (attention === "window" || kvOwner < layer || cache.keys.shape[0] >= needed) return;
      const grown = this.#allocateCache(attention, Math.max(needed, 2 * cache.keys.shape[0]));
      this.#copyCache(cache, grown, this.position);
      this.#freeCache(cache);
      this.caches.forEach((other, i) => this.caches[i] = other === cache ? grown : other);
    });
  }

  /** Records that `tokens` tokens have passed through every layer. */
  advance(tokens: number): void {
    this.position += tokens;
    this.#backend.setCursor(this.cursor, this.position);
  }

  /** Makes this state equal to another one of the same model and layout. */
  copyFrom(other: SequenceState): void {
    this.position = 0;
    this.reserve(other.position);
    const live = this.#owners();
    live.forEach((layer) => this.#copyCache(other.caches[layer], this.caches[layer], other.position));
    this.convStates.forEach((state, layer) => this.#backend.copy(other.convStates[layer], state));
    this.ssmStates.forEach((state, layer) => this.#backend.copy(other.ssmStates[layer], state));
    this.#backend.copy(other.lastHidden, this.lastHidden);
    this.advance(other.position);
  }

  /** A state of its own that continues from here. */
  fork(): SequenceState {
    const copy = new SequenceState(this.#backend, this.#config, this.#layout);
    copy.copyFrom(this);
    return copy;
  }

  /** Frees every buffer. */
  dispose(): void {
    this.#tensors().forEach((tensor) => this.#backend.free(tensor));
    this.#backend.freeCursor(this.cursor);
  }

  #owners(): number[] {
    return this.#config.layers.flatMap(({ kvOwner }, layer) => kvOwner === layer ? [layer] : []);
  }

  #tensors(): Tensor[] {
    const caches = this.#owners().flatMap((layer) => [this.caches[layer].keys, this.caches[layer].values]);
    return [...caches, ...this.convStates, ...this.ssmStates, this.lastHidden];
  }

  #allocateCache(attention: "global" | "window", globalSlots: number): KvCache {
    const { numMetaTokens, windowSize, numKvHeads, headDim, vHeadDim } = this.#config;
    const ringSize = attention === "window" ? windowSize + this.#layout.chunkSize : null;
    const slots = ringSize === null ? globalSlots : numMetaTokens + ringSize;
    const allocate = (width: number): Tensor =>
      this.#backend.allocate([slots, numKvHeads * width], this.#layout.kvDtype);
    return { keys: allocate(headDim), values: allocate(vHeadDim), numMetaTokens, ringSize };
  }

  #copyCache(from: KvCache, to: KvCache, position: number): void {
    const used = Math.min(position, from.keys.shape[0]);
    this.#backend.copy(rows(from.keys, 0, used), rows(to.keys, 0, used));
    this.#backend.copy(rows(from.values, 0, used), rows(to.values, 0, used));
  }

  #freeCache(cache: KvCache): void {
    this.#backend.free(cache.keys);
    this.#backend.free(cache.values);
  }
}

/** Bytes that a state of `config` needs at `tokens` tokens after the meta tokens, without slack: what `inspect` prints. */
export function stateBytes(config: HymbaConfig, layout: StateLayout, tokens: number): {
  readonly kvCache: number;
  readonly convState: number;
  readonly ssmState: number;
} {
  const { numMetaTokens, windowSize, numKvHeads, headDim, vHeadDim, layers, dConv, dInner, dState } = config;
  const slots = layers.map(({ attention, kvOwner }, layer) => {
    if (kvOwner < layer) return 0;
    return numMetaTokens + (attention === "window" ? windowSize + layout.chunkSize : tokens);
  });
  const elements = slots.reduce((a, b) => a + b, 0) * numKvHeads * (headDim + vHeadDim);
  return {
    kvCache: byteLength(layout.kvDtype, elements),
    convState: 4 * layers.length * (dConv - 1) * dInner,
    ssmState: 4 * layers.length * dInner * dState,
  };
}
