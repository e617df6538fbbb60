/** @file Lowers `attention`: one dispatch over splits of the keys, and one that joins them. */
import type { AttentionArgs } from "../../../backend.ts";
import { rowCount, type Tensor } from "../../../tensor.ts";
import type { Gpu } from "../gpu.ts";
import { place, places, type Region, regionOf } from "../region.ts";
import {
  divide,
  type Division,
  SPLIT_LIBRARIES,
  splitConstants,
  valueConstants,
} from "./attention_division.ts";
import { readLibraries, ringOf, UNLIMITED } from "./kv_cache.ts";
import { attendsManyRows, tiledAttention } from "./tiled_attention.ts";
import { separate } from "./operand.ts";

const COMBINE_WORKGROUP = 256;

/** See {@linkcode AttentionArgs}. */
export function attention(gpu: Gpu, args: AttentionArgs): void {
  if (attendsManyRows(args)) return tiledAttention(gpu, args);
  const { cache, cursor, numHeads, numKvHeads, lookback, out } = args;
  const queries = separate(gpu, "queries", args.queries, out);
  const l = rowCount(queries);
  const division = divide(args);
  const { group, splits, vHeadDim, headDim } = division;
  const rowBytes = 16 * (Math.ceil(vHeadDim / 4) + 1);
  const partials = gpu.memory.scratch("partials", rowBytes * l * numHeads * splits);
  gpu.commands.run({
    kernel: "attention",
    libraries: [...readLibraries(cache, division), ...SPLIT_LIBRARIES],
    constants: splitConstants(division),
    resources: {
      queries: regionOf(queries),
      keys: regionOf(cache.keys),
      values: regionOf(cache.values),
      cursor: cursor.data as Region,
      partials,
    },
    params: {
      heads: numHeads,
      headsPerKv: numHeads / numKvHeads,
      splits,
      ...ringOf(cache),
      lookback: lookback ?? UNLIMITED,
      ...places({ queries, keys: cache.keys, values: cache.values }),
      scale: 1 / Math.sqrt(headDim),
    },
    grid: [numHeads / group, splits, l],
  });
  combine(gpu, out, partials, numHeads, division);
}

function combine(
  gpu: Gpu,
  out: Tensor,
  partials: Region,
  heads: number,
  { vHeadDim, splits }: Division,
): void {
  gpu.commands.run({
    kernel: "attention_combine",
    libraries: ["joined_splits"],
    constants: { WORKGROUP_SIZE: COMBINE_WORKGROUP, ...valueConstants(vHeadDim) },
    resources: { partials, out: regionOf(out) },
    params: { heads, splits, ...place("out", out) },
    grid: [heads, rowCount(out)],
  });
}
