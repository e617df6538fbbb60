/** @file The state that every sequence begins with: the one after the meta tokens. */
import { EventLoopTurns } from "./event_loop.ts";
import type { Network } from "./network.ts";
import { prefill } from "./prefill.ts";
import { SequenceState } from "./state.ts";
import type { KvDtype, StateLayout } from "./state_layout.ts";

/**
 * Passes the meta tokens through the network (arXiv:2411.13676, section 2.3). Their state is a constant, to be copied into every new
 * sequence.
 */
export async function passMetaTokens(net: Network, kvDtype: KvDtype): Promise<SequenceState> {
  const layout = { chunkSize: net.chunkSize, kvDtype, maxContext: null, globalWindow: null };
  const state = new SequenceState(net.backend, net.config, layout);
  const table = net.weights.metaTokens;
  if (table === null) return state;
  using turns = new EventLoopTurns();
  const ids = Array.from({ length: net.config.numMetaTokens }, (_, i) => i);
  await prefill(net, state, ids, turns, { table });
  return state;
}

/** A state of its own that holds the meta tokens and nothing else, in a layout. */
export function beginState(metaState: SequenceState, layout: StateLayout): SequenceState {
  const { maxContext, globalWindow } = layout;
  return maxContext === null && globalWindow === null ? metaState.fork() : metaState.forkAs(layout);
}
