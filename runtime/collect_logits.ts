/** @file The logits of every token, one pass after the other. */
import type { EventLoopTurns } from "./event_loop.ts";
import { logitsOfPass } from "./forward.ts";
import type { Network } from "./network.ts";
import { decodeStep, prefill } from "./prefill.ts";
import type { SequenceState } from "./state.ts";

/** Tokens to pass through a network. */
export interface TokenInput {
  /** They pass as a prompt. */
  readonly ids: ArrayLike<number>;
  /** They follow one by one, as generated tokens do. */
  readonly steps: ArrayLike<number>;
}

/**
 * Next-token logits after every token, `[ids.length + steps.length, vocabSize]` row by row. The state advances; when the signal is
 * aborted, its reason is thrown between two passes.
 */
export async function collectLogits(
  net: Network,
  state: SequenceState,
  { ids, steps }: TokenInput,
  turns: EventLoopTurns,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const { vocabSize } = net.config;
  const out = new Float32Array((ids.length + steps.length) * vocabSize);
  let done = 0;
  const onChunk = async (length: number): Promise<void> => {
    out.set(await net.backend.read(logitsOfPass(net, length)), done * vocabSize);
    done += length;
  };
  await prefill(net, state, ids, turns, { signal, onChunk, everyRow: true });
  for (const id of Array.from(steps)) {
    signal?.throwIfAborted();
    decodeStep(net, state, id);
    await onChunk(1);
    await turns.turn();
  }
  return out;
}
