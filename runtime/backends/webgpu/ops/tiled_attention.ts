/** @file Lowers `attention` for many rows: one dispatch, in blocks of 32 queries by 16 keys. */
import type { AttentionArgs } from "../../../backend.ts";
import { columnCount, rowCount } from "../../../tensor.ts";
import type { Gpu } from "../gpu.ts";
import { places, type Region, regionOf } from "../region.ts";
import { readLibraries, ringOf, UNLIMITED } from "./kv_cache.ts";
import { separate } from "./operand.ts";

/** Queries of a workgroup; QUERIES in attention_block.wgsl. */
const QUERIES = 32;
const MANY_ROWS = 5;
/** Widest heads that fit the kernel's workgroup memory, and its invocations. */
const MOST_KEY_DIMENSIONS = 64;
const MOST_VALUE_DIMENSIONS = 128;

/** Whether a call is for the kernel of many rows. */
export function attendsManyRows({ queries, numHeads, out }: AttentionArgs): boolean {
  return rowCount(queries) >= MANY_ROWS && columnCount(queries) <= numHeads * MOST_KEY_DIMENSIONS &&
    columnCount(out) <= numHeads * MOST_VALUE_DIMENSIONS;
}

/** `attention` for many rows. */
export function tiledAttention(gpu: Gpu, args: AttentionArgs): void {
  const { cache, cursor, numHeads, numKvHeads, lookback, out } = args;
  const queries = separate(gpu, "queries", args.queries, out);
  const l = rowCount(queries);
  const [headDim, vHeadDim] = [columnCount(queries) / numHeads, columnCount(out) / numHeads];
  const headsPerKv = numHeads / numKvHeads;
  const group = [8, 7, 6, 5, 4, 3, 2, 1].find((size) => headsPerKv % size === 0)!;
  gpu.commands.run({
    kernel: "attention_tiled",
    libraries: [
      ...readLibraries(cache, { headDim, vHeadDim }),
      "cache_slot",
      "visible_keys",
      "cache_place",
      "attention_block",
      "attention_sums",
    ],
    constants: constantsOf(headDim, vHeadDim, group),
    resources: {
      queries: regionOf(queries),
      keys: regionOf(cache.keys),
      values: regionOf(cache.values),
      cursor: cursor.data as Region,
      out: regionOf(out),
    },
    params: {
      l,
      heads: numHeads,
      headsPerKv,
      ...ringOf(cache),
      lookback: lookback ?? UNLIMITED,
      ...places({ queries, keys: cache.keys, values: cache.values, out }),
      scale: 1 / Math.sqrt(headDim),
    },
    grid: [numHeads / group, Math.ceil(l / Math.floor(QUERIES / group))],
  });
}

function constantsOf(headDim: number, vHeadDim: number, group: number): Record<string, number> {
  return {
    HEAD_DIM: headDim,
    V_HEAD_DIM: vHeadDim,
    GROUP: group,
    KEY_QUADS: 4 * Math.ceil(headDim / 16),
    VALUE_QUADS: Math.ceil(vHeadDim / 4),
  };
}
