/** @file Lowers `attention`: one dispatch, and one more that joins the splits where the keys are split. */
import type { AttentionArgs } from "../../../backend.ts";
import { KernelError } from "../../../errors.ts";
import { columnCount, rowCount, type Tensor } from "../../../tensor.ts";
import type { Gpu } from "../gpu.ts";
import { place, type Region, regionOf } from "../region.ts";
import { cacheLibrary, ringOf, UNLIMITED } from "./kv_cache.ts";
import { separate } from "./operand.ts";

/** Keys that a workgroup takes at a time; TILE in attention_tile.wgsl. */
const TILE = 32;
/** Workgroups, counted over splits and rows, from which on splitting further is not worth its second dispatch. */
const MAX_SPLITS = 64;
const MAX_WORKGROUP = 256;
/** Workgroup memory that every device has (WebGPU's default limit), less what attention_tile.wgsl needs beside its arrays. */
const WORKGROUP_BYTES = 16384 - 512;

/** How a call is divided. */
interface Division {
  readonly headDim: number;
  readonly vHeadDim: number;
  /** Query heads that a workgroup serves. */
  readonly group: number;
  readonly workgroupSize: number;
  readonly splits: number;
}

/** See {@linkcode AttentionArgs}. */
export function attention(gpu: Gpu, args: AttentionArgs): void {
  const { cache, cursor, numHeads, numKvHeads, lookback, out } = args;
  const queries = separate(gpu, "queries", args.queries, out);
  const l = rowCount(queries);
  const division = divide(args);
  const { group, splits, vHeadDim, headDim } = division;
  const joined = splits === 1;
  const target = joined
    ? regionOf(out)
    : gpu.memory.scratch("partials", 4 * l * numHeads * splits * (vHeadDim + 2));
  gpu.commands.run({
    kernel: "attention",
    libraries: [cacheLibrary(cache), "cache_slot", "visible_keys", "attention_tile"],
    constants: { ...constantsOf(division), PARTIAL: Number(!joined) },
    resources: {
      queries: regionOf(queries),
      keys: regionOf(cache.keys),
      values: regionOf(cache.values),
      cursor: cursor.data as Region,
      out: target,
    },
    params: {
      heads: numHeads,
      headsPerKv: numHeads / numKvHeads,
      splits,
      ...ringOf(cache),
      lookback: lookback ?? UNLIMITED,
      ...place("queries", queries),
      ...place("keys", cache.keys),
      ...place("values", cache.values),
      ...place("out", out),
      scale: 1 / Math.sqrt(headDim),
    },
    grid: [numHeads / group, splits, l],
  });
  if (!joined) combine(gpu, out, target, numHeads, splits);
}

function constantsOf({ headDim, vHeadDim, group, workgroupSize }: Division): Record<string, number> {
  return {
    WORKGROUP_SIZE: workgroupSize,
    HEAD_DIM: headDim,
    V_HEAD_DIM: vHeadDim,
    GROUP: group,
    PARTS: workgroupSize / TILE,
    QUERY_SIZE: group * headDim,
    PRODUCTS_SIZE: group * workgroupSize,
    SCORES_SIZE: group * TILE,
  };
}

function combine(gpu: Gpu, out: Tensor, partials: Region, heads: number, splits: number): void {
  const vHeadDim = columnCount(out) / heads;
  gpu.commands.run({
    kernel: "attention_combine",
    constants: { WORKGROUP_SIZE: Math.ceil(vHeadDim / 32) * 32, V_HEAD_DIM: vHeadDim },
    resources: { partials, out: regionOf(out) },
    params: { heads, splits, ...place("out", out) },
    grid: [heads, rowCount(out)],
  });
}

function divide({ cache, numHeads, numKvHeads, lookback, queries, out }: AttentionArgs): Division {
  const headDim = columnCount(queries) / numHeads;
  const vHeadDim = columnCount(out) / numHeads;
  const workgroupSize = Math.max(64, Math.ceil(vHeadDim / TILE) * TILE);
  const fits = (group: number): boolean =>
    4 * group * (headDim + workgroupSize + 2 * TILE) <= WORKGROUP_BYTES;
  if (workgroupSize > MAX_WORKGROUP || !fits(1)) {
    throw new KernelError(
      `Cannot run attention: values have ${vHeadDim} dimensions a head and keys ${headDim}, expected at most ${MAX_WORKGROUP}`,
      "Use another backend",
    );
  }
  const headsPerKv = numHeads / numKvHeads;
  const group = [8, 7, 6, 5, 4, 3, 2, 1].find((size) => headsPerKv % size === 0 && fits(size))!;
  const slots = rowCount(cache.keys);
  const visible = lookback === null ? slots : Math.min(slots, cache.numMetaTokens + lookback + 1);
  const wanted = visible <= 2 * TILE ? 1 : Math.ceil(visible / TILE);
  const splits = Math.max(1, Math.min(wanted, Math.floor(MAX_SPLITS / rowCount(queries))));
  return { headDim, vHeadDim, group, workgroupSize, splits };
}
