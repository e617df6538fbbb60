/** @file Lowers `ropeAppend`: one dispatch for queries, keys and values. */
import type { KvCache, RopeAppendArgs } from "../../../backend.ts";
import { columnCount, rowCount, type Tensor } from "../../../tensor.ts";
import type { Gpu } from "../gpu.ts";
import { places, type Region, regionOf } from "../region.ts";
import { cacheLibrary, ringOf } from "./kv_cache.ts";
import { separate } from "./operand.ts";

const WORKGROUP_SIZE = 64;

type Append = NonNullable<RopeAppendArgs["append"]>;

/** See {@linkcode RopeAppendArgs}. */
export function ropeAppend(gpu: Gpu, args: RopeAppendArgs): void {
  const { out, rope, cursor } = args;
  const { cache, ...rows } = args.append ?? nothingToAppend(gpu, args.queries);
  const queries = separate(gpu, "queries", args.queries, out);
  const keys = separate(gpu, "keys", rows.keys, out);
  const values = separate(gpu, "values", rows.values, out);
  const elements = cache.keys.dtype === "f16" ? 2 : 1;
  const words = Math.ceil(columnCount(keys) / elements) + Math.ceil(columnCount(values) / elements);
  const queryPairs = columnCount(queries) / 2;
  gpu.commands.run({
    kernel: "rope_append",
    libraries: [
      "rotation",
      cacheLibrary(cache),
      "cache_slot",
    ],
    constants: { WORKGROUP_SIZE },
    resources: {
      queries: regionOf(queries),
      keys: regionOf(keys),
      values: regionOf(values),
      frequencies: rope.data as Region,
      cursor: cursor.data as Region,
      out: regionOf(out),
      keyCache: regionOf(cache.keys),
      valueCache: regionOf(cache.values),
    },
    params: {
      half: rope.headDim / 2,
      queryPairs,
      keyColumns: columnCount(keys),
      valueColumns: columnCount(values),
      ...places({ out, queries, keys, values, keyCache: cache.keys, valueCache: cache.values }),
      ...ringOf(cache),
    },
    grid: [Math.ceil((queryPairs + words) / WORKGROUP_SIZE), rowCount(queries)],
  });
}

/** No columns of keys and values, and memory to bind where none of them go. */
function nothingToAppend({ memory }: Gpu, queries: Tensor): Append {
  const none: Tensor = { ...queries, shape: [rowCount(queries), 0] };
  const cache: KvCache = {
    keys: { ...none, buffer: memory.scratch("no keys", 16) },
    values: { ...none, buffer: memory.scratch("no values", 16) },
    numMetaTokens: 0,
    ringSize: null,
  };
  return { keys: none, values: none, cache };
}
