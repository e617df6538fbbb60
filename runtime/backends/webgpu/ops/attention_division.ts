/** @file How attention of one or few rows is divided among workgroups, and the constants that its kernels are compiled with. */
import type { AttentionArgs } from "../../../backend.ts";
import { KernelError } from "../../../errors.ts";
import { columnCount, rowCount } from "../../../tensor.ts";

/** Keys that a workgroup takes at a time; TILE in attention_scores.wgsl. */
const TILE = 32;
/** Most splits; MOST_SPLITS in joined_splits.wgsl. */
const MOST_SPLITS = 128;
const MAX_VALUE_DIM = 256;
/** WORKGROUP_SIZE in attention_scores.wgsl. */
const WORKGROUP = 128;
/** Query heads that a workgroup serves at most. */
const MAX_GROUP = 8;
/** Workgroup memory that every device has (WebGPU's default limit), less what holds no queries. */
const QUERY_BYTES = 16384 - 6144;

/** How a call is divided. */
export interface Division {
  readonly headDim: number;
  readonly vHeadDim: number;
  /** Query heads that a workgroup serves. */
  readonly group: number;
  readonly splits: number;
}

/**
 * Divides the heads and keys of a call.
 *
 * @param otherSplits splits that are joined with these
 * @param queryBytes workgroup memory for queries
 *
 * @throws {KernelError} where a head is too wide
 */
export function divide(
  { cache, numHeads, numKvHeads, lookback, queries, out }: AttentionArgs,
  otherSplits = 0,
  queryBytes = QUERY_BYTES,
): Division {
  const headDim = columnCount(queries) / numHeads;
  const vHeadDim = columnCount(out) / numHeads;
  const fits = (group: number): boolean =>
    group <= MAX_GROUP && 16 * group * Math.ceil(headDim / 4) <= queryBytes;
  if (vHeadDim > MAX_VALUE_DIM || !fits(1)) {
    throw new KernelError(
      `Cannot run attention: values have ${vHeadDim} dimensions a head and keys ${headDim}, expected at most ${MAX_VALUE_DIM}`,
      "Use another backend",
    );
  }
  const headsPerKv = numHeads / numKvHeads;
  const group = [8, 7, 6, 5, 4, 3, 2, 1].find((size) => headsPerKv % size === 0 && fits(size))!;
  const slots = rowCount(cache.keys);
  const visible = lookback === null ? slots : Math.min(slots, cache.numMetaTokens + lookback + 1);
  const splits = Math.max(1, Math.min(Math.ceil(visible / TILE), MOST_SPLITS - otherSplits));
  return { headDim, vHeadDim, group, splits };
}

/** The libraries of attention over splits of the keys, behind those that read the cache. */
export const SPLIT_LIBRARIES = [
  "cache_slot",
  "visible_keys",
  "cache_place",
  "attention_scores",
  "attention_values",
  "attention_split",
] as const;

/** Constants of attention_split.wgsl and what it calls. */
export function splitConstants({ headDim, vHeadDim, group }: Division): Record<string, number> {
  const keyQuads = Math.ceil(headDim / 4);
  return {
    HEAD_DIM: headDim,
    GROUP: group,
    KEY_QUADS: keyQuads,
    QUERY_QUADS: group * keyQuads,
    STEP: WORKGROUP / valueLanes(vHeadDim),
    ...valueConstants(vHeadDim),
  };
}

/** Constants of joined_splits.wgsl. */
export function valueConstants(vHeadDim: number): Record<string, number> {
  return { V_HEAD_DIM: vHeadDim, VALUE_QUADS: Math.ceil(vHeadDim / 4), VALUE_LANES: valueLanes(vHeadDim) };
}

/** Invocations that share a value: a power of two, one for each four elements at least. */
function valueLanes(vHeadDim: number): number {
  return 2 ** Math.ceil(Math.log2(Math.ceil(vHeadDim / 4)));
}
