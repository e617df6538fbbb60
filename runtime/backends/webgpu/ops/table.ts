/** @file The ops with their arguments, for the op cache. */
import type {
  AttentionArgs,
  EmbedArgs,
  GatedLinearArgs,
  HeadFusionArgs,
  LinearArgs,
  RmsNormArgs,
  RopeAppendArgs,
  SsmConvArgs,
  SsmScanArgs,
} from "../../../backend.ts";
import { type MixerOps, runMixerOps } from "../../../mixer_ops.ts";
import type { Gpu } from "../gpu.ts";
import type { OpDescriptor } from "../op_cache.ts";
import { attention } from "./attention.ts";
import { embed } from "./embed.ts";
import { gatedLinear, linear } from "./linear.ts";
import { fusesMixer, mixer } from "./mixer.ts";
import { headFusion, rmsNorm } from "./norms.ts";
import { ropeAppend } from "./rope_append.ts";
import { ssmConv, ssmScan } from "./ssm.ts";

/** A descriptor that leaves out no argument: the names are the keys of a record that must have all of them. */
export function descriptor<Args>(
  lower: OpDescriptor<Args>["lower"],
  fields: { readonly [Field in keyof Required<Args> & string]: true },
): OpDescriptor<Args> {
  return { lower, fields: Object.keys(fields) as (keyof Args & string)[] };
}

/** Every op by its name. */
export const OPS = {
  embed: descriptor<EmbedArgs>(embed, { ids: true, table: true, out: true }),
  rmsNorm: descriptor<RmsNormArgs>(rmsNorm, { x: true, weight: true, eps: true, out: true }),
  linear: descriptor<LinearArgs>(linear, { x: true, norm: true, weight: true, out: true, accumulate: true }),
  gatedLinear: descriptor<GatedLinearArgs>(gatedLinear, {
    x: true,
    norm: true,
    gate: true,
    up: true,
    out: true,
  }),
  ropeAppend: descriptor<RopeAppendArgs>(ropeAppend, {
    queries: true,
    out: true,
    rope: true,
    cursor: true,
    append: true,
  }),
  attention: descriptor<AttentionArgs>(attention, {
    queries: true,
    cache: true,
    cursor: true,
    numHeads: true,
    numKvHeads: true,
    lookback: true,
    out: true,
  }),
  ssmConv: descriptor<SsmConvArgs>(ssmConv, {
    x: true,
    weight: true,
    bias: true,
    convState: true,
    out: true,
  }),
  ssmScan: descriptor<SsmScanArgs>(ssmScan, {
    dtBC: true,
    x: true,
    z: true,
    dtNorm: true,
    bNorm: true,
    cNorm: true,
    eps: true,
    dtProj: true,
    dtBias: true,
    A: true,
    D: true,
    ssmState: true,
    out: true,
  }),
  headFusion: descriptor<HeadFusionArgs>(headFusion, {
    attention: true,
    ssm: true,
    attentionNorm: true,
    ssmNorm: true,
    eps: true,
    out: true,
  }),
} as const;

/** A mixer: in few kernels where they can run it, else in those of its ops. */
export const MIXER: OpDescriptor<MixerOps> = {
  ...descriptor<MixerOps>((gpu, ops) => fusesMixer(ops) ? mixer(gpu, ops) : lowerApart(gpu, ops), {
    inProj: true,
    ropeAppend: true,
    ssmConv: true,
    xProj: true,
    attention: true,
    ssmScan: true,
    headFusion: true,
    outProj: true,
  }),
  parts: { ...OPS, inProj: OPS.linear, xProj: OPS.linear, outProj: OPS.linear },
};

function lowerApart(gpu: Gpu, ops: MixerOps): void {
  runMixerOps({
    linear: (args) => linear(gpu, args),
    ropeAppend: (args) => ropeAppend(gpu, args),
    ssmConv: (args) => ssmConv(gpu, args),
    attention: (args) => attention(gpu, args),
    ssmScan: (args) => ssmScan(gpu, args),
    headFusion: (args) => headFusion(gpu, args),
  }, ops);
}
