/** @file A sequence's state as bytes and back: what a snapshot's payload consists of, tensor by tensor in a fixed order. */
import type { Backend } from "./backend.ts";
import type { HymbaConfig } from "./config.ts";
import { ENCODING_BYTES, type NumberEncoding, recode } from "./formats/number_encoding.ts";
import { liveRanges, type SlotRange } from "./kv_cache.ts";
import type { Network } from "./network.ts";
import { SequenceState } from "./state.ts";
import type { StateLayout } from "./state_layout.ts";
import { rows, type Tensor } from "./tensor.ts";

/** How the two kinds of tensors are stored. */
export interface StateEncoding {
  /** Keys and values. */
  readonly kv: NumberEncoding;
  /** Convolution and SSM states, and the last hidden row. */
  readonly recurrent: NumberEncoding;
}

/** The encoding in which a backend holds a state, so that storing it loses nothing. */
export function exactEncoding(backend: Backend, { layout: { kvDtype } }: SequenceState): StateEncoding {
  return backend.floatFormat === "f64" ? { kv: "f64", recurrent: "f64" } : { kv: kvDtype, recurrent: "f32" };
}

/** A state as bytes. */
export interface StoredState {
  /** Tokens in it, meta tokens not counted. */
  readonly length: number;
  /** As {@linkcode saveState} gives them. */
  readonly tensors: readonly Uint8Array[];
  readonly encoding: StateEncoding;
}

/** One tensor's rows that matter, by ascending position. */
interface LiveTensor {
  readonly kind: keyof StateEncoding;
  readonly tensor: Tensor;
  readonly ranges: readonly SlotRange[];
}

/** Every tensor of a state: keys and values by owner, then convolution states, SSM states and the last hidden row. */
function liveTensors(config: HymbaConfig, state: SequenceState): LiveTensor[] {
  const { recurrent, position, caches, layout, owners } = state;
  const cached = owners.flatMap((layer): LiveTensor[] => {
    const window = config.layers[layer].attention === "window" ? config.windowSize : layout.globalWindow ?? 0;
    const ranges = liveRanges(caches[layer], position, window);
    return [caches[layer].keys, caches[layer].values].map((tensor) => ({ kind: "kv", tensor, ranges }));
  });
  return [
    ...cached,
    ...recurrent.map((tensor): LiveTensor => ({
      kind: "recurrent",
      tensor,
      ranges: [{ start: 0, count: tensor.shape[0] }],
    })),
  ];
}

/** Length in bytes of each tensor of a state in an encoding. */
export function stateByteLengths(
  config: HymbaConfig,
  state: SequenceState,
  encoding: StateEncoding,
): number[] {
  return liveTensors(config, state).map(({ kind, tensor, ranges }) =>
    ranges.reduce((sum, { count }) => sum + count, 0) * tensor.shape[1] * ENCODING_BYTES[encoding[kind]]
  );
}

/** The bytes of each tensor of a state, without what no later token could see. */
export function saveState(
  backend: Backend,
  config: HymbaConfig,
  state: SequenceState,
  encoding: StateEncoding,
): Promise<Uint8Array[]> {
  const exact = exactEncoding(backend, state);
  return Promise.all(
    liveTensors(config, state).map(async ({ kind, tensor, ranges }) => {
      const parts = ranges.map(({ start, count }) => backend.save(rows(tensor, start, count)));
      return recode(concatenate(await Promise.all(parts)), exact[kind], encoding[kind]);
    }),
  );
}

/** Puts the bytes of each tensor back into a state that is already at its position. */
export function restoreState(
  backend: Backend,
  config: HymbaConfig,
  state: SequenceState,
  tensors: readonly Uint8Array[],
  encoding: StateEncoding,
): void {
  const exact = exactEncoding(backend, state);
  liveTensors(config, state).forEach(({ kind, tensor, ranges }, i) => {
    const bytes = recode(tensors[i], encoding[kind], exact[kind]);
    const rowBytes = tensor.shape[1] * ENCODING_BYTES[exact[kind]];
    let offset = 0;
    for (const { start, count } of ranges) {
      backend.restore(rows(tensor, start, count), bytes.subarray(offset, offset + count * rowBytes));
      offset += count * rowBytes;
    }
  });
}

/**
 * A state of `length` tokens, meta tokens not counted, from the bytes of each tensor.
 *
 * @param tensorsOf given how many bytes each tensor has; what it throws is thrown, and nothing is left allocated then
 */
export function restoredState(
  { backend, config }: Pick<Network, "backend" | "config">,
  layout: StateLayout,
  { length, encoding }: Omit<StoredState, "tensors">,
  tensorsOf: (byteLengths: readonly number[]) => readonly Uint8Array[],
): SequenceState {
  const state = new SequenceState(backend, config, layout);
  try {
    state.reserve(config.numMetaTokens + length);
    state.advance(config.numMetaTokens + length);
    const tensors = tensorsOf(stateByteLengths(config, state, encoding));
    restoreState(backend, config, state, tensors, encoding);
    return state;
  } catch (error) {
    state.dispose();
    throw error;
  }
}

/** Joins byte strings. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
