/** @file Lowers `attention`: one dispatch over splits of the keys, and one that joins them. */
import type { AttentionArgs } from "../../../backend.ts";
import { KernelError } from "../../../errors.ts";
import { columnCount, rowCount, type Tensor } from "../../../tensor.ts";
import type { Gpu } from "../gpu.ts";
import { place, places, type Region, regionOf } from "../region.ts";
import { readLibraries, ringOf, UNLIMITED } from "./kv_cache.ts";
import { attendsManyRows, tiledAttention } from "./tiled_attention.ts";
import { separate } from "./operand.ts";

/** Keys that a workgroup takes at a time; TILE in attention_scores.wgsl. */
const TILE = 32;
/** Most splits; MOST_SPLITS in attention_combine.wgsl. */
const MOST_SPLITS = 128;
const COMBINE_WORKGROUP = 256;
const MAX_VALUE_DIM = 256;
/** WORKGROUP_SIZE in attention_scores.wgsl. */
const WORKGROUP = 128;
/** Query heads that a workgroup serves at most. */
const MAX_GROUP = 8;
/** Workgroup memory that every device has (WebGPU's default limit), less what holds no queries. */
const QUERY_BYTES = 16384 - 6144;

/** How a call is divided. */
interface Division {
  readonly headDim: number;
  readonly vHeadDim: number;
  /** Query heads that a workgroup serves. */
  readonly group: number;
  readonly splits: number;
}

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
    libraries: [
      ...readLibraries(cache, division),
      "cache_slot",
      "visible_keys",
      "cache_place",
      "attention_scores",
      "attention_values",
    ],
    constants: constantsOf(division),
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

function constantsOf({ headDim, vHeadDim, group }: Division): Record<string, number> {
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

function valueConstants(vHeadDim: number): Record<string, number> {
  return { V_HEAD_DIM: vHeadDim, VALUE_QUADS: Math.ceil(vHeadDim / 4), VALUE_LANES: valueLanes(vHeadDim) };
}

/** Invocations that share a value: a power of two, one for each four elements at least. */
function valueLanes(vHeadDim: number): number {
  return 2 ** Math.ceil(Math.log2(Math.ceil(vHeadDim / 4)));
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
    constants: { WORKGROUP_SIZE: COMBINE_WORKGROUP, ...valueConstants(vHeadDim) },
    resources: { partials, out: regionOf(out) },
    params: { heads, splits, ...place("out", out) },
    grid: [heads, rowCount(out)],
  });
}

function divide({ cache, numHeads, numKvHeads, lookback, queries, out }: AttentionArgs): Division {
  const headDim = columnCount(queries) / numHeads;
  const vHeadDim = columnCount(out) / numHeads;
  const fits = (group: number): boolean =>
    group <= MAX_GROUP && 16 * group * Math.ceil(headDim / 4) <= QUERY_BYTES;
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
  const splits = Math.max(1, Math.min(Math.ceil(visible / TILE), MOST_SPLITS));
  return { headDim, vHeadDim, group, splits };
}
