/** @file The state that every sequence begins with: the one after the meta tokens. */
import { EventLoopTurns } from "./event_loop.ts";
import { type MetaStateFile, metaStateSpecs } from "./meta_state_tensors.ts";
import type { Network } from "./network.ts";
import { prefill } from "./prefill.ts";
import { SequenceState } from "./state.ts";
import { restoredState } from "./state_bytes.ts";
import type { KvDtype, StateLayout } from "./state_layout.ts";

/** How the state is stored in packed files: as WebAssembly holds it. */
export const STORED_ENCODING = { kv: "f32", recurrent: "f32" } as const;

/** What the state is made from, beside the network. */
export interface MetaStateSource {
  readonly kvDtype: KvDtype;
  /** The one that the checkpoint carries; null: it has none. Read here and not kept. */
  readonly stored: MetaStateFile | null;
}

/**
 * The state after the meta tokens: the stored one where it was made of this network's weights and config, else computed. The two differ by
 * rounding, as backends do, so fingerprints, and with them sessions' snapshots, do not tell them apart; a snapshot has the state in it anyway.
 *
 * @throws {WeightsError} where the stored one cannot be read
 */
export async function openMetaState(
  net: Network,
  { kvDtype, stored }: MetaStateSource,
): Promise<SequenceState> {
  if (stored === null || stored.fingerprint !== await net.fingerprint) {
    return await passMetaTokens(net, kvDtype);
  }
  // Who waits for a pass sees that of the meta tokens, as ever. Watching changes no number, so the stored state is taken all the same.
  if (net.observer?.isWaiting) (await passMetaTokens(net, kvDtype)).dispose();
  const tensors: Uint8Array[] = [];
  for (const name of metaStateSpecs(net.config).keys()) tensors.push(await stored.tensors.read(name));
  return restoredState(net, layoutOf(net, kvDtype), { length: 0, encoding: STORED_ENCODING }, () => tensors);
}

/**
 * Passes the meta tokens through the network (arXiv:2411.13676, section 2.3). Their state is a constant, to be copied into every new
 * sequence.
 */
export async function passMetaTokens(net: Network, kvDtype: KvDtype): Promise<SequenceState> {
  const state = new SequenceState(net.backend, net.config, layoutOf(net, kvDtype));
  const table = net.weights.metaTokens;
  if (table === null) return state;
  using turns = new EventLoopTurns();
  const ids = Array.from({ length: net.config.numMetaTokens }, (_, i) => i);
  await prefill(net, state, ids, turns, { table });
  return state;
}

function layoutOf({ chunkSize }: Network, kvDtype: KvDtype): StateLayout {
  return { chunkSize, kvDtype, maxContext: null, globalWindow: null };
}

/** A state of its own that holds the meta tokens and nothing else, in a layout. */
export function beginState(metaState: SequenceState, layout: StateLayout): SequenceState {
  const { maxContext, globalWindow } = layout;
  return maxContext === null && globalWindow === null ? metaState.fork() : metaState.forkAs(layout);
}
