/** @file ropeAppend and attention: their arguments as numbers. */
import type { WasmExports } from "../../../../wasm/pkg/exports.ts";
import type { AttentionArgs, Cursor, KvCache, RopeAppendArgs } from "../../../backend.ts";
import { columnCount, rowCount, type Tensor } from "../../../tensor.ts";
import type { Region } from "../memory.ts";
import type { RopeAngles } from "../rope_angles.ts";
import { pointerTo } from "../tensors.ts";

/** What the kernel takes for an unlimited lookback: 2^32 - 1. */
const UNLIMITED = 0xffffffff;

/** A cursor's position, to read or set: ops run where they are called, so it lives here. */
export function positionOf(cursor: Cursor): { position: number } {
  return cursor.data as { position: number };
}

/** See {@linkcode Backend.ropeAppend}. */
export function ropeAppend(kernels: WasmExports, args: RopeAppendArgs): void {
  const { queries, out, rope, cursor, append } = args;
  const { position } = positionOf(cursor);
  const l = rowCount(queries);
  const { headDim } = rope;
  const angles = (rope.data as RopeAngles).at(position, l);
  const columns = columnCount(queries);
  kernels.rope_rotate(
    pointerTo(queries),
    queries.stride,
    l,
    columns,
    angles,
    headDim,
    pointerTo(out),
    out.stride,
  );
  if (!append) return;
  const { keys, values, cache } = append;
  appendRows(kernels, keys, cache, cache.keys, { position, angles, headDim });
  appendRows(kernels, values, cache, cache.values, { position, angles: 0, headDim });
}

/** Writes rows into the slots of `position ..`, rotated where there are angles. */
function appendRows(
  kernels: WasmExports,
  source: Tensor,
  { numMetaTokens, ringSize }: KvCache,
  to: Tensor,
  { position, angles, headDim }: { position: number; angles: number; headDim: number },
): void {
  const isFinite = kernels.cache_append(
    pointerTo(source),
    source.stride,
    rowCount(source),
    columnCount(source),
    angles,
    headDim,
    numMetaTokens,
    ringSize ?? 0,
    position,
    pointerTo(to),
    rowCount(to),
    to.stride,
    to.dtype === "f16",
  );
  if (!isFinite) (to.buffer as Region).isFinite = false;
}

/** See {@linkcode Backend.attention}. */
export function attention(kernels: WasmExports, args: AttentionArgs): void {
  const { queries, cache, cursor, numHeads, numKvHeads, lookback, out } = args;
  const { keys, values, numMetaTokens, ringSize } = cache;
  kernels.attention(
    pointerTo(queries),
    queries.stride,
    rowCount(queries),
    numHeads,
    numKvHeads,
    columnCount(queries) / numHeads,
    columnCount(out) / numHeads,
    pointerTo(keys),
    keys.stride,
    pointerTo(values),
    values.stride,
    rowCount(keys),
    keys.dtype === "f16",
    numMetaTokens,
    ringSize ?? 0,
    positionOf(cursor).position,
    lookback ?? UNLIMITED,
    pointerTo(out),
    out.stride,
    (keys.buffer as Region).isFinite && (values.buffer as Region).isFinite,
  );
}
