/**
 * @file Lowers all of a mixer for one row: in_proj with the convolution, attention beside x_proj, the joining of attention's splits beside
 * the scan, and out_proj on their fusion. A dispatch that waits for another costs as much as its work here.
 */
import type { MixerOps } from "../../../mixer_ops.ts";
import { columnCount, isQuantized, rowCount } from "../../../tensor.ts";
import type { Gpu } from "../gpu.ts";
import { weightVector } from "../vector_packs.ts";
import { WEIGHT_LAYOUTS } from "../weight_layout.ts";
import { matrixOf } from "../weights.ts";
import { attendAndProject } from "./attend_and_project.ts";
import { divide } from "./attention_division.ts";
import { joinAndScan } from "./join_and_scan.ts";
import { isInQuads } from "./kv_cache.ts";
import { multiplyRows } from "./linear.ts";
import { projectAndConvolve } from "./project_and_convolve.ts";
import { sharesBuffer } from "./shared_buffer.ts";

/** Taps of the convolution in project_and_convolve.wgsl. */
const TAPS = 4;
/** Workgroup memory that attend_and_project has for queries on every device: 16 KiB, less 12.3 for scores, sums and x_proj's tile, and a key. */
const QUERY_BYTES = 3072;

/** Whether the kernels can run a mixer: one row, everything in whole quads, four taps, an x_proj that is not quantised. */
export function fusesMixer(ops: MixerOps): boolean {
  const { inProj, ropeAppend: { queries, append }, ssmConv, xProj, attention, ssmScan, outProj } = ops;
  if (rowCount(queries) !== 1) return false;
  const headDim = columnCount(queries) / attention.numHeads;
  const vHeadDim = columnCount(attention.out) / attention.numHeads;
  const [dInner, dConv] = ssmConv.weight.shape;
  const heads = [queries, ...append ? [append.keys, append.values] : []];
  return headDim % 8 === 0 && vHeadDim % 4 === 0 && isInQuads(attention.cache, { headDim, vHeadDim }) &&
    dConv === TAPS && columnCount(attention.out) === dInner &&
    [xProj, outProj].every(({ weight }) => dInner % WEIGHT_LAYOUTS[weight.dtype].blockSize === 0) &&
    !isQuantized(xProj.weight.dtype) && matrixOf(xProj.weight).parts.length === 1 &&
    heads.every(({ offset }) => offset % 4 === 0) && ssmConv.out.offset % 4 === 0 &&
    [...heads, ssmConv.x, ssmScan.z].every((view) => sharesBuffer(view, inProj.out));
}

/** See {@linkcode MixerOps}; only where {@linkcode fusesMixer} says so. */
export function mixer(gpu: Gpu, ops: MixerOps): void {
  const { attention, ropeAppend, headFusion, outProj, xProj } = ops;
  const ownSplits = ropeAppend.append ? 1 : 0;
  const keys = divide(attention, ownSplits, QUERY_BYTES);
  const division = { ...keys, allSplits: keys.splits + ownSplits };
  const dInner = columnCount(attention.out);
  const xProjQuads = Math.ceil(columnCount(xProj.out) / 4);
  const partialQuads = attention.numHeads * division.allSplits * (division.vHeadDim / 4 + 1);
  const partials = gpu.memory.scratch("mixer partials", 16 * (xProjQuads + partialQuads));
  const branches = gpu.memory.scratch("branches", 8 * dInner);
  projectAndConvolve(gpu, ops);
  attendAndProject(gpu, ops, division, partials);
  joinAndScan(gpu, ops, division, partials, branches);
  const norms = [headFusion.attentionNorm, headFusion.ssmNorm].map(weightVector);
  multiplyRows(gpu, {
    library: "operand_fused",
    resources: { x: branches, norm: gpu.vectorPacks.get(norms) },
    params: { quads: dInner / 4, xOffset: 0, xStride: 0, eps: headFusion.eps },
  }, outProj);
}
