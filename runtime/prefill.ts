/** @file Passes tokens of one sequence through the network: a prompt chunk by chunk, a generated token on its own. */
import type { Weight } from "./backend.ts";
import type { EventLoopTurns } from "./event_loop.ts";
import { forward } from "./forward.ts";
import type { Network } from "./network.ts";
import type { SequenceState } from "./state.ts";

/** Options of {@linkcode prefill}. */
export interface PrefillOptions {
  readonly signal?: AbortSignal;
  /** Where the ids are looked up; the vocabulary's embedding unless given. */
  readonly table?: Weight;
  /** Called with the length of each chunk right after its pass, before the next one. */
  readonly onChunk?: (length: number) => void | Promise<void>;
}

/**
 * Appends tokens to a sequence. Any split of the same ids, here or by the caller, leaves the same state.
 *
 * Between chunks an aborted signal throws its reason; the chunks before it stay appended.
 */
export async function prefill(
  net: Network,
  state: SequenceState,
  ids: ArrayLike<number>,
  turns: EventLoopTurns,
  { signal, table, onChunk }: PrefillOptions = {},
): Promise<void> {
  const lookback = prefillLookback(net.config);
  for (let start = 0; start < ids.length; start += net.chunkSize) {
    signal?.throwIfAborted();
    const chunk = Array.prototype.slice.call(ids, start, start + net.chunkSize) as number[];
    state.reserve(chunk.length);
    forward(net, chunk, [{ state, start: 0, length: chunk.length, lookback }], table);
    await onChunk?.(chunk.length);
    await turns.turn();
  }
}

/**
 * How far a prompt's tokens see back on window layers. A window rule belongs to the kind of call, not to a chunk's length: every
 * appended token follows the prefill rule, however it is split, and every generated one the decode rule.
 */
function prefillLookback({ windowSize, windowRule }: Network["config"]): number {
  return windowRule === "release" ? windowSize : windowSize - 1;
}

/**
 * Passes one generated token through the network, under the decode rule: on window layers it sees windowSize keys in all, its own
 * included, and the meta tokens.
 */
export function decodeStep(net: Network, state: SequenceState, id: number): void {
  state.reserve(1);
  forward(net, [id], [{ state, start: 0, length: 1, lookback: net.config.windowSize - 1 }]);
}
