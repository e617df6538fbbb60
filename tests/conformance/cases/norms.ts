/** @file Cases of rmsNorm and headFusion. */
import { type Case, EDGE_SIZES, shapeText, SMALL_SIZES } from "./case.ts";

const WIDTHS = [...SMALL_SIZES, ...EDGE_SIZES, 1023, 1600];

function rmsNorm(l: number, n: number, eps: number, scale: number, inPlace: boolean): Case {
  const shape = shapeText({ l, n, eps, scale, out: inPlace ? "x" : "out" });
  return {
    op: "rmsNorm",
    dtype: "f32",
    shape,
    run(bench) {
      const x = bench.input("x", [l, n], scale);
      const out = inPlace ? x : bench.output("out", [l, n]);
      bench.backend.rmsNorm({ x, weight: bench.plain([n]), eps, out });
    },
  };
}

function headFusion(l: number, n: number, target: "out" | "attention" | "ssm"): Case {
  return {
    op: "headFusion",
    dtype: "f32",
    shape: shapeText({ l, n, out: target }),
    run(bench) {
      const attention = bench.input("attention", [l, n]);
      const ssm = bench.input("ssm", [l, n], 30);
      const out = { attention, ssm, out: bench.output("out", [l, n]) }[target];
      const [attentionNorm, ssmNorm] = [bench.plain([n]), bench.plain([n])];
      bench.backend.headFusion({ attention, ssm, attentionNorm, ssmNorm, eps: 1e-6, out });
    },
  };
}

/** Every width, no rows, in place, tiny rows where eps counts, and rows of zeros. */
export const NORM_CASES: readonly Case[] = [
  ...WIDTHS.map((n) => rmsNorm(n % 4 + 1, n, 1e-6, 1, n % 3 === 0)),
  rmsNorm(0, 5, 1e-6, 1, false),
  rmsNorm(3, 70, 1e-5, 1e-3, false),
  rmsNorm(3, 70, 1e-6, 1e6, true),
  rmsNorm(2, 33, 1e-6, 0, false),
  ...WIDTHS.map((n) => headFusion(n % 3 + 1, n, "out")),
  ...WIDTHS.map((n) => headFusion(2, n, n % 2 === 0 ? "attention" : "ssm")),
  headFusion(0, 9, "out"),
];
