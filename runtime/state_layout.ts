/** @file How a sequence's state is laid out, and how many bytes that takes. */
import type { HymbaConfig } from "./config.ts";
import { ConfigError } from "./errors.ts";
import { byteLength } from "./tensor.ts";

/** Storage type of keys and values. SSM and convolution states are always f32. */
export type KvDtype = "f32" | "f16";

/** How a state is laid out. */
export interface StateLayout {
  /** Most tokens that one forward pass appends; rings have that many slots more than their window. */
  readonly chunkSize: number;
  readonly kvDtype: KvDtype;
  /** Most tokens after the meta tokens, all of them allocated at once; null: global caches grow as needed. */
  readonly maxContext: number | null;
  /** Caps the global layers to a window of this many tokens, and the meta tokens; null: they see everything. */
  readonly globalWindow: number | null;
}

/** How much memory a caller lets a sequence take. */
export interface MemoryOptions {
  /** Most tokens that the session will hold: all memory is allocated at once, and more is an error. Left out: it grows. */
  maxContext?: number;
  /** Caps what global layers see to this many tokens and the meta tokens, for constant memory at a loss of quality. */
  globalWindow?: number;
}

/** Positions that a growing cache has room for at first; it doubles when they are used up. */
export const INITIAL_GLOBAL_SLOTS = 512;

/**
 * Slots of a layer's ring behind the meta tokens, or null where the cache keeps every position. A chunk's keys are written before its
 * queries read, so a ring holds the window that the chunk's first query sees and the chunk itself.
 */
export function ringSize(config: HymbaConfig, layout: StateLayout, layer: number): number | null {
  const window = config.layers[layer].attention === "window" ? config.windowSize : layout.globalWindow;
  return window === null ? null : window + layout.chunkSize;
}

/** Bytes of a state, or of one layer's part in it, by kind. */
export interface StateBytes {
  /** Keys and values; 0 in a layer that reads those of another. */
  readonly kvCache: number;
  /** The convolution's last inputs. */
  readonly convState: number;
  /** The scan's state. */
  readonly ssmState: number;
}

/** Bytes that each layer's state needs with `tokens` tokens after the meta tokens, without a growing cache's spare room. */
export function layerStateBytes(config: HymbaConfig, layout: StateLayout, tokens: number): StateBytes[] {
  const { numMetaTokens, numKvHeads, headDim, vHeadDim, layers, dConv, dInner, dState } = config;
  return layers.map(({ kvOwner }, layer) => {
    const slots = numMetaTokens + (ringSize(config, layout, layer) ?? layout.maxContext ?? tokens);
    const elements = slots * numKvHeads * (headDim + vHeadDim);
    return {
      kvCache: kvOwner < layer ? 0 : byteLength(layout.kvDtype, elements),
      convState: 4 * (dConv - 1) * dInner,
      ssmState: 4 * dInner * dState,
    };
  });
}

/** Bytes of a whole state, by kind. */
export interface SequenceBytes extends StateBytes {
  /** The last token's hidden row. */
  readonly lastHidden: number;
  /** All of it. */
  readonly total: number;
}

/**
 * Bytes that a state takes with `tokens` tokens after the meta tokens: to the byte where the layout declares them, else without a
 * growing cache's spare room.
 */
export function stateBytes(config: HymbaConfig, layout: StateLayout, tokens: number): SequenceBytes {
  const layers = layerStateBytes(config, layout, tokens);
  const sum = (kind: keyof StateBytes): number => layers.reduce((sum, layer) => sum + layer[kind], 0);
  const [kvCache, convState, ssmState] = [sum("kvCache"), sum("convState"), sum("ssmState")];
  const lastHidden = 4 * config.hiddenSize;
  return { kvCache, convState, ssmState, lastHidden, total: kvCache + convState + ssmState + lastHidden };
}

/** Most tokens that a session can declare. */
export const MAX_DECLARED_TOKENS: number = 2 ** 26;

/**
 * A layout with memory as declared.
 *
 * @throws {ConfigError} where an option is no count of tokens
 */
export function declareMemory(layout: StateLayout, { maxContext, globalWindow }: MemoryOptions): StateLayout {
  return {
    ...layout,
    maxContext: checkTokens("maxContext", maxContext),
    globalWindow: checkTokens("globalWindow", globalWindow),
  };
}

function checkTokens(name: keyof MemoryOptions, tokens: number | undefined): number | null {
  if (tokens === undefined) return null;
  if (Number.isInteger(tokens) && tokens >= 1 && tokens <= MAX_DECLARED_TOKENS) return tokens;
  throw new ConfigError(
    `Cannot use option "${name}": it is ${
      String(tokens)
    }, expected an integer from 1 to ${MAX_DECLARED_TOKENS}`,
    `Give "${name}" a number of tokens, or leave it out`,
  );
}
