/** @file Lowers a mixer's attention beside its x_proj, for one row. */
import type { LibraryName } from "../../../../kernels/sources.ts";
import type { Weight } from "../../../backend.ts";
import type { MixerOps } from "../../../mixer_ops.ts";
import type { Tensor, WeightDtype } from "../../../tensor.ts";
import { type Gpu, reduceLibrary } from "../gpu.ts";
import { places, type Region, regionOf } from "../region.ts";
import { WEIGHT_LAYOUTS } from "../weight_layout.ts";
import { matrixOf } from "../weights.ts";
import { type Division, SPLIT_LIBRARIES, splitConstants } from "./attention_division.ts";
import { quadLibrary, ringOf, UNLIMITED } from "./kv_cache.ts";

/** Attention's division, with the split that a row's own key is where its layer appends it. */
export interface MixerDivision extends Division {
  readonly allSplits: number;
}

/** How a workgroup multiplies rows of x_proj: one at a time, since there are few. */
const PROJECT = { LANES: 128, TEAMS: 1, TEAM_SUMS: 1, ROWS: 1 } as const;
/** Quads of the convolution's output that it keeps at a time. */
const TILE_QUADS = 256;

/** The libraries, for a cache and an x_proj that is not quantised. */
export function attendAndProjectLibraries(
  cacheQuads: LibraryName,
  reduce: LibraryName,
  dtype: WeightDtype,
): LibraryName[] {
  return [
    ...[cacheQuads, "write_cache_quads", "cache_quads", ...SPLIT_LIBRARIES] as const,
    ...["rotation", "rotated_quads", "appended_key", "team_sums", reduce] as const,
    ...["operand_plain", `block_${dtype}`, "float_tile", "product_plain", "row_product"] as const,
  ];
}

/** Leaves x_proj's output and attention's splits in `partials`. */
export function attendAndProject(
  gpu: Gpu,
  { attention, ropeAppend, ssmConv, xProj }: MixerOps,
  division: MixerDivision,
  partials: Region,
): void {
  const { cache, cursor, numHeads } = attention;
  const { parts: [{ blocks }] } = matrixOf(xProj.weight);
  const [rows] = xProj.weight.shape;
  gpu.commands.run({
    kernel: "attend_and_project",
    libraries: attendAndProjectLibraries(quadLibrary(cache), reduceLibrary(gpu), xProj.weight.dtype),
    constants: { ...splitConstants(division), ...projectConstants(xProj.weight) },
    resources: {
      weights: blocks,
      keys: regionOf(cache.keys),
      values: regionOf(cache.values),
      cursor: cursor.data as Region,
      partials,
      x: regionOf(ssmConv.out),
      projected: regionOf(ropeAppend.queries),
      frequencies: ropeAppend.rope.data as Region,
    },
    params: {
      ...attentionParams({ attention, ropeAppend }, division),
      xOffset: ssmConv.out.offset / 4,
      rows,
      blocks: matrixOf(xProj.weight).rowBlocks,
    },
    grid: [numHeads / division.group * division.allSplits + Math.ceil(rows / PROJECT.ROWS)],
  });
}

function projectConstants({ dtype }: Weight): Record<string, number> {
  return { ...PROJECT, TILE_QUADS, TILE_BLOCKS: 4 * TILE_QUADS / WEIGHT_LAYOUTS[dtype].blockSize };
}

function attentionParams(
  { attention, ropeAppend: { queries, append } }: Pick<MixerOps, "attention" | "ropeAppend">,
  { splits, allSplits, headDim }: MixerDivision,
): Record<string, number> {
  const { cache, numHeads, numKvHeads, lookback } = attention;
  return {
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
    scale: 1 / Math.sqrt(headDim),
  };
}

/** A view's first quad; nothing reads that of an absent one. */
function quadOf(view: Tensor | undefined): number {
  return (view?.offset ?? 0) / 4;
}
