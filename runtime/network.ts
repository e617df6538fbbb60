/** @file What every part of the forward pass is given: the network's constants and its scratch memory. */
import type { Backend, Rope } from "./backend.ts";
import type { HymbaConfig } from "./config.ts";
import type { SequenceState } from "./state.ts";
import type { Tensor } from "./tensor.ts";
import type { ModelWeights } from "./weights.ts";
import type { Workspace } from "./workspace.ts";

/** A loaded network. Constant after load, but for the workspace. */
export interface Network {
  readonly backend: Backend;
  readonly config: HymbaConfig;
  readonly weights: ModelWeights;
  readonly rope: Rope;
  readonly workspace: Workspace;
  readonly chunkSize: number;
  /** Hash of weights and config, ready soon after the load. */
  readonly fingerprint: Promise<string>;
  /** Watches every mixer; absent unless asked for. */
  readonly observer?: MixerObserver;
}

/** What a mixer has computed for a pass, `[l, width]` each, before it fuses the branches. */
export interface Branches {
  readonly spans: readonly Span[];
  /** The attention heads' queries, rotated. */
  readonly queries: Tensor;
  /** The attention heads' output. */
  readonly attention: Tensor;
  /** The Mamba heads' output. */
  readonly ssm: Tensor;
}

/** Looks at the mixers of a network. The tensors hold what they do only until the call returns: reads have to begin in it. */
export interface MixerObserver {
  /** Whether it wants to look at the next pass. */
  readonly isWaiting: boolean;
  /** Called in each layer of every pass. */
  onBranches(net: Network, layer: number, branches: Branches): void;
}

/** Rows of a pass that belong to one sequence: its next `length` tokens. */
export interface Span {
  readonly state: SequenceState;
  /** First row in the workspace. */
  readonly start: number;
  readonly length: number;
  /** Largest distance that its window layers see back. */
  readonly lookback: number;
}

/** Views of in_proj's output, `[l, width]` each. Keys and values are absent where the layer reads another layer's. */
export interface Projections {
  readonly queries: Tensor;
  readonly keyValues: { readonly keys: Tensor; readonly values: Tensor } | null;
  /** Input of the convolution. */
  readonly u: Tensor;
  /** Gate of the scan. */
  readonly z: Tensor;
}
