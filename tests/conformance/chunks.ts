/** @file Runs a sequence through ops in chunks, to see whether the chunks' sizes show in the results. */
import type { Backend } from "../../runtime/backend.ts";
import { rows, type Tensor, type WeightDtype } from "../../runtime/tensor.ts";
import { Bench } from "./bench.ts";

/** Sizes of a network of each op; small, and odd where that is allowed. */
const [HIDDEN, INNER, STATE, RANK] = [33, 21, 16, 7];

/** Prepares state and weights; the function it returns runs rows `start .. start + l` and is called in order. */
type Prepare = (bench: Bench, length: number) => (start: number, l: number) => void;

/** The state space branch: convolution, then scan. */
export const ssmBranch: Prepare = (bench, length) => {
  const [x, z] = [bench.input("x", [length, INNER]), bench.input("z", [length, INNER])];
  const dtBC = bench.input("dtBC", [length, RANK + 2 * STATE]);
  const [c, out] = [bench.output("c", [length, INNER]), bench.output("out", [length, INNER])];
  const conv = { weight: bench.plain([INNER, 4]), bias: bench.plain([INNER]) };
  const convState = bench.input("convState", [3, INNER]);
  const ssmState = bench.input("ssmState", [INNER, STATE]);
  const weights = {
    dtNorm: bench.plain([RANK]),
    bNorm: bench.plain([STATE]),
    cNorm: bench.plain([STATE]),
    dtProj: bench.projection("bf16", [INNER, RANK]),
    dtBias: bench.plain([INNER]),
    A: bench.plain([INNER, STATE], bench.normals(INNER * STATE).map((value) => -Math.exp(value))),
    D: bench.plain([INNER]),
  };
  return (start, l) => {
    const of = (tensor: Tensor): Tensor => rows(tensor, start, l);
    bench.backend.ssmConv({ x: of(x), ...conv, convState, out: of(c) });
    const given = { dtBC: of(dtBC), x: of(c), z: of(z), out: of(out) };
    bench.backend.ssmScan({ ...given, ...weights, eps: 1e-6, ssmState });
  };
};

/** How an attention branch keeps and sees keys. */
export interface Window {
  readonly dtype: "f32" | "f16";
  readonly numMetaTokens: number;
  readonly ringSize: number | null;
  readonly lookback: number | null;
}

/** The attention branch: rotation, cache, attention of six heads over two key/value heads. */
export function attentionBranch(window: Window): Prepare {
  return (bench, length) => {
    const [headDim, vHeadDim, numHeads, numKvHeads] = [12, 17, 6, 2];
    const queries = bench.input("queries", [length, numHeads * headDim]);
    const widths = [numKvHeads * headDim, numKvHeads * vHeadDim] as const;
    const [keys, values] = widths.map((width, i) => bench.input(`source ${i}`, [length, width]));
    const out = bench.output("out", [length, numHeads * vHeadDim]);
    const slots = window.ringSize === null ? length : window.numMetaTokens + window.ringSize;
    const cache = bench.cache(slots, widths, window);
    const [rope, cursor] = [bench.rope(headDim), bench.cursor(0)];
    return (start, l) => {
      const of = (tensor: Tensor): Tensor => rows(tensor, start, l);
      const append = { keys: of(keys), values: of(values), cache };
      bench.backend.ropeAppend({ queries: of(queries), out: of(queries), rope, cursor, append });
      const { lookback } = window;
      bench.backend.attention({
        queries: of(queries),
        cache,
        cursor,
        numHeads,
        numKvHeads,
        lookback,
        out: of(out),
      });
      bench.backend.advanceCursor(cursor, l);
    };
  };
}

/** The ops without state, on weights of a dtype: norms, products and fusion. */
export function rowwiseOps(dtype: WeightDtype): Prepare {
  return (bench, length) => {
    const [x, y] = [bench.input("x", [length, HIDDEN]), bench.input("y", [length, HIDDEN])];
    const wide = bench.input("wide", [length, 64]);
    const out = ["normed", "fused", "projected", "gated"].map((name) => bench.output(name, [length, HIDDEN]));
    const [norm, otherNorm] = [bench.plain([HIDDEN]), bench.plain([HIDDEN])];
    const [weight, up] = [bench.weight(dtype, [HIDDEN, 64]), bench.weight(dtype, [HIDDEN, 64])];
    return (start, l) => {
      const of = (tensor: Tensor): Tensor => rows(tensor, start, l);
      const [normed, fused, projected, gated] = out.map(of);
      bench.backend.rmsNorm({ x: of(x), weight: norm, eps: 1e-6, out: normed });
      const branches = { attention: of(x), ssm: of(y), attentionNorm: norm, ssmNorm: otherNorm };
      bench.backend.headFusion({ ...branches, eps: 1e-6, out: fused });
      bench.backend.linear({ x: of(wide), weight, out: projected });
      bench.backend.gatedLinear({ x: of(wide), gate: weight, up, out: gated });
    };
  };
}

/** What every matrix holds after a sequence went through in chunks of these sizes. */
export async function runInChunks(
  backend: Backend,
  prepare: Prepare,
  sizes: readonly number[],
): Promise<Float32Array[]> {
  const bench = new Bench(backend, 1, "strided");
  const run = prepare(bench, sizes.reduce((sum, size) => sum + size, 0));
  let start = 0;
  for (const size of sizes) {
    run(start, size);
    start += size;
  }
  return (await bench.finish()).map(({ values }) => values);
}
