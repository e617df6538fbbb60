/** @file Cases of embed, linear and gatedLinear, over every storage type of a weight. */
import type { InputNorm } from "../../../runtime/backend.ts";
import { BLOCK_SIZE, type Tensor, WEIGHT_DTYPES, type WeightDtype } from "../../../runtime/tensor.ts";
import type { Bench } from "../bench.ts";
import { type Case, shapeText } from "./case.ts";

/** Numbers of rows of activations, and of weights. */
const LS = [1, 2, 3, 4, 5, 7, 8, 9];
const NS = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 129];
/** Columns in units of a block, or, for dtypes without blocks, elements. */
const KS = [1, 2, 3, 4, 5, 7, 8, 9, 15, 17, 32, 33, 50, 63, 65];

function activations(bench: Bench, dtype: WeightDtype, l: number, k: number): Tensor {
  return BLOCK_SIZE[dtype] === 1 ? bench.input("x", [l, k]) : bench.levels("x", [l, k]);
}

/** A norm that is constant over each block of 32, so that it moves no activation across a step of its block. */
function norm(bench: Bench, k: number): InputNorm {
  const scales = bench.normals(Math.ceil(k / 32)).map(Math.exp);
  return { weight: bench.plain([k], Float32Array.from({ length: k }, (_, i) => scales[i >> 5])), eps: 1e-6 };
}

interface LinearOptions {
  readonly accumulate?: boolean;
  readonly normed?: boolean;
}

function linear(
  dtype: WeightDtype,
  l: number,
  n: number,
  k: number,
  { accumulate = false, normed = false }: LinearOptions = {},
): Case {
  return {
    op: "linear",
    dtype,
    shape: shapeText({ dtype, l, n, k, accumulate: String(accumulate), normed: String(normed) }),
    run(bench) {
      const x = activations(bench, dtype, l, k);
      const out = accumulate ? bench.input("out", [l, n]) : bench.output("out", [l, n]);
      const weight = bench.weight(dtype, [n, k], 0.1);
      bench.backend.linear({ x, norm: normed ? norm(bench, k) : undefined, weight, out, accumulate });
    },
  };
}

function gatedLinear(dtype: WeightDtype, l: number, n: number, k: number, normed = false): Case {
  return {
    op: "gatedLinear",
    dtype,
    shape: shapeText({ dtype, l, n, k, normed: String(normed) }),
    run(bench) {
      const x = activations(bench, dtype, l, k);
      const [gate, up] = [bench.weight(dtype, [n, k], 0.3), bench.weight(dtype, [n, k], 0.1)];
      const out = bench.output("out", [l, n]);
      bench.backend.gatedLinear({ x, norm: normed ? norm(bench, k) : undefined, gate, up, out });
    },
  };
}

function embed(dtype: WeightDtype, l: number, vocabSize: number, hiddenSize: number): Case {
  return {
    op: "embed",
    dtype,
    shape: shapeText({ dtype, l, vocabSize, hiddenSize }),
    run(bench) {
      const table = bench.weight(dtype, [vocabSize, hiddenSize]);
      bench.backend.embed({ ids: bench.ids(l, vocabSize), table, out: bench.output("out", [l, hiddenSize]) });
    },
  };
}

/** Columns that a dtype can have: whole blocks. */
function columnsOf(dtype: WeightDtype, k: number): number {
  return BLOCK_SIZE[dtype] === 1 ? k : BLOCK_SIZE[dtype] * Math.ceil(k / 8);
}

function casesOf(dtype: WeightDtype): Case[] {
  return [
    ...NS.map((n, i) =>
      linear(dtype, LS[i % LS.length], n, columnsOf(dtype, KS[i % KS.length]), {
        accumulate: i % 3 === 0,
        normed: i % 2 === 0,
      })
    ),
    ...LS.map((l) => linear(dtype, l, 37, columnsOf(dtype, 65))),
    linear(dtype, 0, 5, columnsOf(dtype, 8)),
    ...[33, 64, 70, 131].map((l) =>
      linear(dtype, l, 130, columnsOf(dtype, 64), { accumulate: true, normed: true })
    ),
    // Few rows of many columns: products that are made in parts.
    linear(dtype, 7, 70, 37 * 32, { accumulate: true }),
    linear(dtype, 65, 33, 24 * 32),
    // More blocks than any workgroup has invocations, and enough rows for the widest workgroups.
    linear(dtype, 1, 9, 96 * 32, { normed: true }),
    linear(dtype, 2, 1600, 96, { normed: true }),
    gatedLinear(dtype, 1, 800, 96, true),
    ...NS.map((n, i) =>
      gatedLinear(dtype, LS[(i + 3) % LS.length], n, columnsOf(dtype, KS[(i + 5) % KS.length]), i % 2 === 0)
    ),
    gatedLinear(dtype, 66, 70, columnsOf(dtype, 64), true),
    gatedLinear(dtype, 0, 5, columnsOf(dtype, 8)),
    ...KS.map((k, i) => embed(dtype, LS[i % LS.length], NS[i] + 1, columnsOf(dtype, k))),
    embed(dtype, 0, 5, columnsOf(dtype, 8)),
  ];
}

/** Every dtype by odd numbers of rows, columns and activations. */
export const PRODUCT_CASES: readonly Case[] = WEIGHT_DTYPES.flatMap(casesOf);
