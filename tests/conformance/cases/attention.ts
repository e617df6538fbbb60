/** @file Cases of ropeAppend and attention: heads, widths, and everywhere that a ring, a window or the meta tokens may end. */
import type { KvCache } from "../../../runtime/backend.ts";
import { decodeF16, encodeF16 } from "../../../runtime/formats/half_floats.ts";
import { visibleSlots } from "../../../runtime/kv_cache.ts";
import type { Bench } from "../bench.ts";
import { type Case, shapeText } from "./case.ts";

/** Sizes and places; the cache has room for `position + l` where there is no ring. */
interface Scene {
  readonly dtype: "f32" | "f16";
  readonly l: number;
  readonly numHeads: number;
  readonly numKvHeads: number;
  readonly headDim: number;
  readonly vHeadDim: number;
  readonly numMetaTokens: number;
  readonly ringSize: number | null;
  readonly position: number;
  readonly lookback: number | null;
}

const SCENE: Scene = {
  dtype: "f32",
  l: 3,
  numHeads: 4,
  numKvHeads: 2,
  headDim: 8,
  vHeadDim: 16,
  numMetaTokens: 5,
  ringSize: 40,
  position: 23,
  lookback: 30,
};

function slotsOf({ numMetaTokens, ringSize, position, l }: Scene): number {
  return ringSize === null ? Math.max(position + l, 1) : numMetaTokens + ringSize;
}

function widthsOf({ numKvHeads, headDim, vHeadDim }: Scene): [number, number] {
  return [numKvHeads * headDim, numKvHeads * vHeadDim];
}

function ropeAppend(changes: Partial<Scene>, appends = true, inPlace = false): Case {
  const scene = { ...SCENE, ...changes };
  const { dtype, l, numHeads, headDim, numMetaTokens, ringSize, position } = scene;
  return {
    op: "ropeAppend",
    dtype,
    shape: shapeText({ ...scene, appends: String(appends), out: inPlace ? "queries" : "out" }),
    run(bench) {
      const queries = bench.input("queries", [l, numHeads * headDim]);
      const [keyWidth, valueWidth] = widthsOf(scene);
      const append = appends
        ? {
          keys: bench.input("keys", [l, keyWidth]),
          values: bench.input("values", [l, valueWidth]),
          cache: bench.cache(slotsOf(scene), [keyWidth, valueWidth], { dtype, numMetaTokens, ringSize }),
        }
        : undefined;
      bench.backend.ropeAppend({
        queries,
        out: inPlace ? queries : bench.output("out", [l, numHeads * headDim]),
        rope: bench.rope(headDim),
        cursor: bench.cursor(position),
        append,
      });
    },
  };
}

/** A cache with numbers, exact in f16, in the slots that some row sees, and `unseen` in all others. */
function visibleCache(bench: Bench, scene: Scene, unseen: number): KvCache {
  const { dtype, l, numMetaTokens, ringSize, position, lookback } = scene;
  const seen = new Set<number>();
  const cache = { numMetaTokens, ringSize } as KvCache;
  for (let i = 0; i < l; i++) visibleSlots(cache, position + i, lookback).forEach((slot) => seen.add(slot));
  const matrix = (name: string, width: number) => {
    const bits = new Uint16Array(slotsOf(scene) * width);
    encodeF16(bench.normals(bits.length), bits);
    const values = new Float32Array(bits.length);
    decodeF16(bits, values);
    values.forEach((_, i) => seen.has(Math.floor(i / width)) || (values[i] = unseen));
    return bench.matrix(name, [slotsOf(scene), width], values, dtype);
  };
  const [keyWidth, valueWidth] = widthsOf(scene);
  return { keys: matrix("keys", keyWidth), values: matrix("values", valueWidth), numMetaTokens, ringSize };
}

function attention(changes: Partial<Scene>, scale = 1, unseen = NaN): Case {
  const scene = { ...SCENE, ...changes };
  const { l, numHeads, numKvHeads, headDim, vHeadDim, position, lookback } = scene;
  return {
    op: "attention",
    dtype: scene.dtype,
    shape: shapeText({ ...scene, scale, unseen: String(unseen) }),
    run(bench) {
      const queries = bench.input("queries", [l, numHeads * headDim], scale);
      const cache = visibleCache(bench, scene, unseen);
      const out = bench.output("out", [l, numHeads * vHeadDim]);
      const cursor = bench.cursor(position);
      bench.backend.attention({ queries, cache, cursor, numHeads, numKvHeads, lookback, out });
    },
  };
}

const HEADS = [[1, 1], [2, 1], [3, 1], [5, 1], [7, 1], [4, 4], [6, 2], [25, 5]] as const;
const WIDTHS = [[2, 1], [2, 2], [4, 4], [6, 3], [8, 5], [10, 7], [12, 9], [16, 17], [32, 33], [64, 128], [
  66,
  65,
]] as const;

/** Both window rules of a release with window W = 30 (lookback W - 1 and W), around the ring's and the blocks' ends. */
const EDGES: readonly Partial<Scene>[] = [
  { position: 0, l: 1 },
  { position: 0, l: 5 },
  { position: 3, l: 4 },
  { position: 4, l: 1, lookback: 0 },
  { position: 5, l: 1, lookback: 0 },
  ...[29, 30, 31, 32, 33, 34, 35, 36, 44, 45, 46, 63, 64, 65, 1000].flatMap((position) =>
    [29, 30].flatMap((lookback) => [1, 10].map((l) => ({ position, lookback, l })))
  ),
  ...[31, 32, 33, 100, 129].map((position) => ({ position, lookback: null, ringSize: null, l: 5 })),
  ...[0, 1, 31, 32, 33].map((numMetaTokens) => ({ numMetaTokens, position: 50, l: 9, ringSize: 70 })),
  { position: 200, l: 40, lookback: 60, ringSize: 100 },
  { position: 0, l: 70, lookback: null, ringSize: null },
  { position: 150, l: 33, lookback: 40, ringSize: null },
  { l: 0 },
];

/** Single rows over caches without NaN, which a backend may read in another way. */
const FINITE: readonly Case[] = [
  ...HEADS.map(([numHeads, numKvHeads]) => ({ numHeads, numKvHeads })),
  ...WIDTHS.map(([headDim, vHeadDim]) => ({ headDim, vHeadDim })),
  ...EDGES.filter(({ l }) => l === 1),
].map((changes) => attention({ dtype: "f16", l: 1, ...changes }, 1, 60_000));

/** See the file's comment. */
export const ATTENTION_CASES: readonly Case[] = (["f32", "f16"] as const).flatMap((dtype) => [
  ...HEADS.flatMap(([numHeads, numKvHeads]) => [
    ropeAppend({ dtype, numHeads, numKvHeads }),
    attention({ dtype, numHeads, numKvHeads }),
  ]),
  ...WIDTHS.flatMap(([headDim, vHeadDim]) => [
    ropeAppend({ dtype, headDim, vHeadDim }),
    attention({ dtype, headDim, vHeadDim }),
    attention({ dtype, headDim, vHeadDim, l: 1, numHeads: 3, numKvHeads: 1 }),
  ]),
  ...EDGES.flatMap((edge) => [ropeAppend({ dtype, ...edge }), attention({ dtype, ...edge })]),
  ropeAppend({ dtype, position: 99_990, l: 12 }),
  ropeAppend({ dtype }, false),
  ropeAppend({ dtype, l: 7 }, true, true),
  attention({ dtype, l: 5 }, 1e3),
]).concat(FINITE);
