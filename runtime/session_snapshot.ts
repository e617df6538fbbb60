/** @file A session's sequence and generation <-> a snapshot's bytes. */
import type { RewindOptions } from "./checkpoint_ring.ts";
import { WeightsError } from "./errors.ts";
import type { GenerationState } from "./generation.ts";
import { NO_PROMPT, type PromptTiming } from "./generation_clock.ts";
import type { ResolvedGeneration } from "./generation_options.ts";
import type { Network } from "./network.ts";
import { Sequence } from "./sequence.ts";
import { decodeSnapshot, encodeSnapshot, type SnapshotHeader } from "./snapshot.ts";
import type { SequenceState } from "./state.ts";
import {
  exactEncoding,
  restoredState,
  saveState,
  type StateEncoding,
  type StoredState,
} from "./state_bytes.ts";
import { TokenRuns } from "./token_runs.ts";

/** The parts of a session that begins with `state` and no tokens. */
export function emptyParts(net: Network, state: SequenceState, rewind: RewindOptions | null): SessionParts {
  return {
    sequence: new Sequence(net, state, [], new TokenRuns(), rewind),
    ...{ kept: null, prompt: NO_PROMPT, generation: null },
  };
}

/** How to write a snapshot. */
export interface SnapshotOptions {
  /** `exact` continues bit by bit; `f16` halves the keys and values and changes later logits slightly. @default {"exact"} */
  kv?: "exact" | "f16";
  /** Deflate the bytes: smaller and slower. @default {false} */
  compress?: boolean;
}

/** What of a session goes into a snapshot. */
export interface SessionParts {
  readonly sequence: Sequence;
  /** The state that the sequence began with, where its bytes are at hand. */
  readonly kept: StoredState | null;
  readonly prompt: PromptTiming;
  /** The interrupted generation, if there is one. */
  readonly generation: { readonly options: ResolvedGeneration; readonly state: GenerationState } | null;
}

/** Writes a session's parts. */
export async function snapshotSession(
  { sequence, prompt, generation }: Omit<SessionParts, "kept">,
  { kv = "exact", compress = false }: SnapshotOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { net, ids, runs } = sequence;
  const { state, passed } = sequence.settle();
  const { kvDtype, maxContext, globalWindow } = state.layout;
  const exact = exactEncoding(net.backend, state);
  const encoding: StateEncoding = kv === "f16" ? { ...exact, kv: "f16" } : exact;
  const header = {
    ...{ encoding, kvDtype, maxContext, globalWindow, passed, prompt },
    numIds: ids.length,
    runs: runs.toArray(),
    generation: generation && { state: generation.state, options: storable(generation.options) },
  };
  const kept = ids.slice();
  const tensors = await saveState(net.backend, net.config, state, encoding);
  return await encodeSnapshot({ ...header, fingerprint: await net.fingerprint }, kept, tensors, compress);
}

/** Options without the signal, which means nothing elsewhere. */
function storable(
  { sampling, maxTokens, stop }: ResolvedGeneration,
): NonNullable<SnapshotHeader["generation"]>["options"] {
  return { sampling: { ...sampling, logitBias: [...sampling.logitBias] }, maxTokens, stop: [...stop] };
}

/**
 * Reads a session's parts.
 *
 * @throws {WeightsError} where the snapshot is damaged, or belongs to another model
 */
export async function restoreSession(
  net: Network,
  bytes: Uint8Array,
  rewind: RewindOptions | null,
): Promise<SessionParts> {
  const { header, ids, tensors } = await decodeSnapshot(bytes);
  const fingerprint = await net.fingerprint;
  if (header.fingerprint !== fingerprint) {
    throw new WeightsError(
      `Cannot restore the session: its model has fingerprint ${header.fingerprint.slice(0, 16)}, expected ${
        fingerprint.slice(0, 16)
      }`,
      "Load the checkpoint, with the quantization and window rule, that the snapshot was taken with",
    );
  }
  checkCounts(header, ids, net);
  const { kvDtype, maxContext, globalWindow, passed } = header;
  const layout = { chunkSize: net.chunkSize, kvDtype, maxContext, globalWindow };
  const stored = { length: passed, encoding: header.encoding };
  let parts: readonly Uint8Array[] = [];
  const state = restoredState(net, layout, stored, (lengths) => parts = split(tensors, lengths));
  const sequence = new Sequence(net, state, Array.from(ids), new TokenRuns(header.runs), rewind);
  const { prompt, generation } = header;
  return { sequence, prompt, generation, kept: { ...stored, tensors: parts } };
}

function checkCounts(header: SnapshotHeader, ids: Uint32Array, { config }: Network): void {
  const { passed, numIds, runs, maxContext } = header;
  const consistent = (numIds === passed || numIds === passed + 1) &&
    runs.reduce((a, b) => a + b, 0) === numIds && passed <= (maxContext ?? passed);
  if (consistent && ids.every((id) => id < config.vocabSize)) return;
  throw new WeightsError(
    "Cannot restore the session: its token counts contradict each other",
    "Use an intact snapshot",
  );
}

function split(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const expected = lengths.reduce((a, b) => a + b, 0);
  if (bytes.length !== expected) {
    throw new WeightsError(
      `Cannot restore the session: its tensors have ${bytes.length} bytes, expected ${expected}`,
      "Use an intact snapshot",
    );
  }
  let offset = 0;
  return lengths.map((length) => bytes.subarray(offset, offset += length));
}
