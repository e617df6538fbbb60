/** @file Lowers the joining of a mixer's attention splits beside its scan, for one row. */
import type { MixerOps } from "../../../mixer_ops.ts";
import { columnCount } from "../../../tensor.ts";
import { type Gpu, reduceLibrary } from "../gpu.ts";
import { place, type Region, regionOf } from "../region.ts";
import { weightVector } from "../vector_packs.ts";
import { plainOf } from "../weights.ts";
import type { MixerDivision } from "./attend_and_project.ts";
import { valueConstants } from "./attention_division.ts";

const WORKGROUP_SIZE = 256;
/** Invocations that share a channel: LANES in scan_channel.wgsl. */
const LANES = 32;

/** Leaves the branches' outputs, attention's first, in `branches`. */
export function joinAndScan(
  gpu: Gpu,
  { attention: { numHeads }, ssmConv, ssmScan }: MixerOps,
  { vHeadDim, allSplits }: MixerDivision,
  partials: Region,
  branches: Region,
): void {
  const { A, D, dtBC, dtProj, dtBias, dtNorm, bNorm, cNorm, ssmState, z, eps } = ssmScan;
  const [dInner, dtRank] = dtProj.shape;
  gpu.commands.run({
    kernel: "join_and_scan",
    libraries: ["joined_splits", "pointwise", reduceLibrary(gpu), "scan_channel"],
    constants: { WORKGROUP_SIZE, DT_BC: columnCount(dtBC), ...valueConstants(vHeadDim) },
    resources: {
      partials,
      projected: regionOf(z),
      x: regionOf(ssmConv.out),
      vectors: gpu.vectorPacks.get([dtNorm, bNorm, cNorm, dtBias, D].map(weightVector)),
      dtProj: plainOf(dtProj),
      A: plainOf(A),
      state: regionOf(ssmState),
      branches,
    },
    params: {
      heads: numHeads,
      splits: allSplits,
      dInner,
      dState: A.shape[1],
      dtRank,
      xOffset: ssmConv.out.offset,
      zOffset: z.offset,
      ...place("state", ssmState),
      eps,
    },
    grid: [numHeads + Math.ceil(dInner / (WORKGROUP_SIZE / LANES))],
  });
}
