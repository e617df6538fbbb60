/** @file Passes tokens through the network: a prompt chunk by chunk, a generated token on its own or with those of other sequences. */
import type { EventLoopTurns } from "./event_loop.ts";
import { forward, forwardIds, logitsOfPass, type PassOptions } from "./forward.ts";
import type { Network, Span } from "./network.ts";
import type { SequenceState } from "./state.ts";
import type { Tensor } from "./tensor.ts";
import type { TokenKind } from "./token_runs.ts";

/** Options of {@linkcode prefill}. */
export interface PrefillOptions extends PassOptions {
  readonly signal?: AbortSignal;
  /** Which window rule the tokens follow. @default {"prompted"} */
  readonly kind?: TokenKind;
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
  { signal, kind = "prompted", onChunk, ...options }: PrefillOptions = {},
): Promise<void> {
  const lookback = lookbackOf(kind, net.config);
  for (let start = 0; start < ids.length; start += net.chunkSize) {
    signal?.throwIfAborted();
    const chunk = Array.prototype.slice.call(ids, start, start + net.chunkSize) as number[];
    state.reserve(chunk.length);
    forward(net, chunk, [{ state, start: 0, length: chunk.length, lookback }], options);
    await onChunk?.(chunk.length);
    await turns.turn();
  }
}

/**
 * How far tokens see back on window layers. A window rule belongs to the kind of token, not to a chunk's length: every prompted token
 * follows the prefill rule, however it is split, and every generated one the decode rule, also when it is passed again: it sees
 * windowSize keys in all, its own included, and the meta tokens.
 */
function lookbackOf(kind: TokenKind, { windowSize, windowRule }: Network["config"]): number {
  return kind === "prompted" && windowRule === "release" ? windowSize : windowSize - 1;
}

/** Passes one generated token through the network. */
export function decodeStep(net: Network, state: SequenceState, id: number): void {
  pass(net, [{ state, id }]);
}

/** A sequence's state and the generated token that it is to take in. */
export interface Step {
  readonly state: SequenceState;
  readonly id: number;
}

/**
 * Passes one generated token of each of several sequences through the network, in as few passes over the weights as its workspace
 * allows. Every row is computed as it would be alone, so the states and the logits are those of {@linkcode decodeStep}: on WASM bit by
 * bit, on WebGPU, which has other kernels for many rows, to rounding.
 *
 * @returns the logits of each sequence's next token, `[vocabSize]` each
 */
export function decodeTogether(net: Network, steps: readonly Step[]): Promise<Float32Array>[] {
  const { vocabSize } = net.config;
  const logits: Promise<Float32Array>[] = [];
  for (let first = 0; first < steps.length; first += net.chunkSize) {
    const part = steps.slice(first, first + net.chunkSize);
    pass(net, part);
    const all = net.backend.read(logitsOfPass(net, part.length));
    part.forEach((_, row) =>
      logits.push(all.then((all) => all.subarray(row * vocabSize, (row + 1) * vocabSize)))
    );
  }
  return logits;
}

/** {@linkcode decodeStep} for an id that was chosen in the backend's memory: `[1]` u32. */
export function decodeChosen(net: Network, state: SequenceState, id: Tensor): void {
  state.reserve(1);
  forwardIds(net, id, [generated(net, state, 0)]);
}

function pass(net: Network, steps: readonly Step[]): void {
  for (const { state } of steps) state.reserve(1);
  const spans = steps.map(({ state }, row) => generated(net, state, row));
  forward(net, steps.map(({ id }) => id), spans, { everyRow: true });
}

/** One row, under the decode rule. */
function generated({ config }: Network, state: SequenceState, start: number): Span {
  return { state, start, length: 1, lookback: lookbackOf("generated", config) };
}
