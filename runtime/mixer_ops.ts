/** @file All of a mixer as one op, for backends that run it in fewer steps than the ops that it is made of. */
import type {
  AttentionArgs,
  Backend,
  HeadFusionArgs,
  LinearArgs,
  RopeAppendArgs,
  SsmConvArgs,
  SsmScanArgs,
} from "./backend.ts";

/** The ops of a mixer (arXiv:2411.13676, section 2.1) on rows of one sequence, in the order of their calls. */
export interface MixerOps {
  readonly inProj: LinearArgs;
  readonly ropeAppend: RopeAppendArgs;
  readonly ssmConv: SsmConvArgs;
  readonly xProj: LinearArgs;
  readonly attention: AttentionArgs;
  readonly ssmScan: SsmScanArgs;
  readonly headFusion: HeadFusionArgs;
  readonly outProj: LinearArgs;
}

/** A backend that fuses mixers. */
export interface MixerBackend extends Backend {
  /**
   * Means what the ops do one after the other, but leaves undefined what they hand to each other: the outputs of all but outProj.
   * Caches and states are updated as ever.
   */
  runMixer(ops: MixerOps): void;
}

/** Whether a backend fuses mixers. */
export function fusesMixers(backend: Backend): backend is MixerBackend {
  return "runMixer" in backend;
}

/** What a mixer is made of. */
type Ops = Pick<Backend, "linear" | "ropeAppend" | "ssmConv" | "attention" | "ssmScan" | "headFusion">;

/** Runs a mixer's ops apart. */
export function runMixerOps(backend: Ops, ops: MixerOps): void {
  backend.linear(ops.inProj);
  backend.ropeAppend(ops.ropeAppend);
  backend.ssmConv(ops.ssmConv);
  backend.linear(ops.xProj);
  backend.attention(ops.attention);
  backend.ssmScan(ops.ssmScan);
  backend.headFusion(ops.headFusion);
  backend.linear(ops.outProj);
}
