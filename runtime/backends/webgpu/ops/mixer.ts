/**
 * @file Lowers all of a mixer behind in_proj, for one row: attention beside x_proj with the convolution that it reads, the joining of
 * attention's splits beside the scan, and out_proj on their fusion. A dispatch that waits for another costs as much as its work here.
 */
import type { LibraryName } from "../../../../kernels/sources.ts";
import type { Weight } from "../../../backend.ts";
import type { MixerOps } from "../../../mixer_ops.ts";
import { columnCount, isQuantized, rowCount, type Tensor, type WeightDtype } from "../../../tensor.ts";
import { type Gpu, reduceLibrary } from "../gpu.ts";
import { places, type Region, regionOf } from "../region.ts";
import { ropeVector, weightVector } from "../vector_packs.ts";
import { WEIGHT_LAYOUTS } from "../weight_layout.ts";
import { matrixOf, plainOf } from "../weights.ts";
import { divide, type Division, splitConstants, valueConstants } from "./attention_division.ts";
import { isInQuads, quadLibrary, ringOf, UNLIMITED } from "./kv_cache.ts";
import { multiplyRows } from "./linear.ts";
import { sharesBuffer } from "./shared_buffer.ts";

/** Taps of the convolution that convolved.wgsl makes. */
const TAPS = 4;
/** How a workgroup of attend_and_project multiplies rows of x_proj: two teams, a row each. */
const PROJECT = { LANES: 64, TEAMS: 2, TEAM_SUMS: 1, ROWS: 2 } as const;
/** Quads of the convolution that it keeps at a time. */
const PROJECT_TILE_QUADS = 256;
const SCAN_WORKGROUP = 256;
/** Invocations that share a channel: LANES in scan_channel.wgsl. */
const SCAN_LANES = 32;

/** A mixer's division, with the split that a row's own key is where the layer appends it. */
interface MixerDivision extends Division {
  readonly allSplits: number;
}

/** Whether the kernels can run a mixer: one row, everything in whole quads, four taps, an x_proj that is not quantised. */
export function fusesMixer(ops: MixerOps): boolean {
  const { ropeAppend: { queries, append }, ssmConv, xProj, attention, ssmScan, outProj } = ops;
  if (rowCount(queries) !== 1) return false;
  const headDim = columnCount(queries) / attention.numHeads;
  const vHeadDim = columnCount(attention.out) / attention.numHeads;
  const [dInner, dConv] = ssmConv.weight.shape;
  const { blockSize } = WEIGHT_LAYOUTS[xProj.weight.dtype];
  const { parts } = matrixOf(xProj.weight);
  const views = [queries, ssmConv.x, ssmScan.z, ...append ? [append.keys, append.values] : []];
  return headDim % 8 === 0 && vHeadDim % 4 === 0 && isInQuads(attention.cache, { headDim, vHeadDim }) &&
    dConv === TAPS && dInner % blockSize === 0 && dInner % 4 === 0 &&
    columnCount(attention.out) === dInner &&
    dInner % WEIGHT_LAYOUTS[outProj.weight.dtype].blockSize === 0 &&
    !isQuantized(xProj.weight.dtype) && parts.length === 1 &&
    ssmConv.convState.offset % 4 === 0 && ssmConv.convState.stride % 4 === 0 &&
    views.every((view) => sharesBuffer(view, queries) && view.offset % 4 === 0);
}

/** See {@linkcode MixerOps}; only where {@linkcode fusesMixer} says so. */
export function mixer(gpu: Gpu, ops: MixerOps): void {
  const { attention, ssmScan, headFusion, outProj, xProj } = ops;
  const division = divideMixer(ops);
  const { allSplits, vHeadDim } = division;
  const dInner = columnCount(ssmScan.x);
  const xProjQuads = Math.ceil(columnCount(xProj.out) / 4);
  const partialQuads = attention.numHeads * allSplits * (Math.ceil(vHeadDim / 4) + 1);
  const partials = gpu.memory.scratch("mixer partials", 16 * (xProjQuads + partialQuads));
  const branches = gpu.memory.scratch("branches", 8 * dInner);
  attendAndProject(gpu, ops, division, partials);
  joinAndScan(gpu, ops, division, partials, branches);
  const norms = [headFusion.attentionNorm, headFusion.ssmNorm].map(weightVector);
  multiplyRows(gpu, {
    library: "operand_fused",
    resources: { x: branches, norm: gpu.vectorPacks.get(norms) },
    params: { quads: dInner / 4, xOffset: 0, xStride: 0, eps: headFusion.eps },
  }, outProj);
}

function divideMixer({ attention, ropeAppend }: MixerOps): MixerDivision {
  const division = divide(attention, ropeAppend.append ? 1 : 0);
  return { ...division, allSplits: division.splits + (ropeAppend.append ? 1 : 0) };
}

/** The mixer's small constants: what convolved.wgsl, scan_channel.wgsl and rotated_quads.wgsl read, in their order. */
function vectorsOf(gpu: Gpu, { ropeAppend, ssmConv, ssmScan }: MixerOps): Region {
  const { dtNorm, bNorm, cNorm, dtBias, D } = ssmScan;
  const weights = [ssmConv.weight, ssmConv.bias, dtNorm, bNorm, cNorm, dtBias, D].map(weightVector);
  return gpu.vectorPacks.get([...weights, ropeVector(ropeAppend.rope)]);
}

function convPlaces({ ssmConv: { x, convState } }: MixerOps): Record<string, number> {
  return {
    dInner: columnCount(x),
    uQuad: x.offset / 4,
    convStateQuad: convState.offset / 4,
    convStateStride: convState.stride / 4,
  };
}

function projectConstants({ dtype }: Weight): Record<string, number> {
  const blockQuads = WEIGHT_LAYOUTS[dtype].blockSize / 4;
  return { ...PROJECT, TILE_BLOCKS: PROJECT_TILE_QUADS / blockQuads, TILE_QUADS: PROJECT_TILE_QUADS };
}

/** The libraries of attend_and_project, for a cache and an x_proj that is not quantised. */
export function attendAndProjectLibraries(
  cacheQuads: LibraryName,
  reduce: LibraryName,
  dtype: WeightDtype,
): LibraryName[] {
  return [
    ...[cacheQuads, "write_cache_quads", "cache_quads", "cache_slot", "visible_keys", "cache_place"] as const,
    ...["attention_scores", "attention_values", "attention_split"] as const,
    ...["rotation", "rotated_quads", "appended_key", "pointwise", "convolved", reduce] as const,
    ...[
      "team_sums",
      "operand_convolved",
      `block_${dtype}`,
      "float_tile",
      "product_plain",
      "row_product",
    ] as const,
  ];
}

function attendAndProject(gpu: Gpu, ops: MixerOps, division: MixerDivision, partials: Region): void {
  const { attention, ropeAppend: { queries, append }, ssmConv, xProj } = ops;
  const { cache, cursor, numHeads, numKvHeads, lookback } = attention;
  const { group, splits, allSplits, headDim } = division;
  const { parts: [{ blocks }], rowBlocks } = matrixOf(xProj.weight);
  const [rows, dInner] = xProj.weight.shape;
  gpu.commands.run({
    kernel: "attend_and_project",
    libraries: attendAndProjectLibraries(
      quadLibrary(cache),
      reduceLibrary(gpu),
      xProj.weight.dtype,
    ),
    constants: { ...splitConstants(division), ...projectConstants(xProj.weight) },
    resources: {
      weights: blocks,
      keys: regionOf(cache.keys),
      values: regionOf(cache.values),
      cursor: cursor.data as Region,
      partials,
      projected: regionOf(queries),
      vectors: vectorsOf(gpu, ops),
      convState: regionOf(ssmConv.convState),
    },
    params: {
      heads: numHeads,
      headsPerKv: numHeads / numKvHeads,
      splits,
      allSplits,
      ...ringOf(cache),
      lookback: lookback ?? UNLIMITED,
      ...places({ keys: cache.keys, values: cache.values }),
      queriesQuad: queries.offset / 4,
      keysQuad: quadOf(append?.keys),
      valuesQuad: quadOf(append?.values),
      ...convPlaces(ops),
      frequencies: 5 * dInner + rows + 2 * dInner,
      rows,
      blocks: rowBlocks,
      scale: 1 / Math.sqrt(headDim),
    },
    grid: [numHeads / group * allSplits + Math.ceil(rows / PROJECT.ROWS)],
  });
}

/** A view's first quad; nothing reads that of an absent one. */
function quadOf(view: Tensor | undefined): number {
  return (view?.offset ?? 0) / 4;
}

function joinAndScan(
  gpu: Gpu,
  ops: MixerOps,
  { vHeadDim, allSplits }: MixerDivision,
  partials: Region,
  branches: Region,
): void {
  const { attention: { numHeads }, ropeAppend, ssmConv, ssmScan } = ops;
  const { A, dtBC, dtProj, ssmState, z, eps } = ssmScan;
  const [dInner, dtRank] = dtProj.shape;
  gpu.commands.run({
    kernel: "join_and_scan",
    // joined_splits first: with its constants behind scan_channel's, naga 29 panics.
    libraries: ["joined_splits", "pointwise", "convolved", reduceLibrary(gpu), "scan_channel"],
    constants: {
      WORKGROUP_SIZE: SCAN_WORKGROUP,
      DT_BC: columnCount(dtBC),
      ...valueConstants(vHeadDim),
    },
    resources: {
      partials,
      projected: regionOf(ropeAppend.queries),
      vectors: vectorsOf(gpu, ops),
      dtProj: plainOf(dtProj),
      A: plainOf(A),
      state: regionOf(ssmState),
      convState: regionOf(ssmConv.convState),
      branches,
    },
    params: {
      heads: numHeads,
      splits: allSplits,
      dState: A.shape[1],
      dtRank,
      ...convPlaces(ops),
      zQuad: z.offset / 4,
      stateOffset: ssmState.offset,
      stateStride: ssmState.stride,
      eps,
    },
    grid: [numHeads + Math.ceil(dInner / (SCAN_WORKGROUP / SCAN_LANES))],
  });
}
