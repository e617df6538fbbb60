/** @file Cases of ssmConv and ssmScan. */
import type { WeightDtype } from "../../../runtime/tensor.ts";
import { type Case, EDGE_SIZES, shapeText, SMALL_SIZES } from "./case.ts";

function ssmConv(l: number, dInner: number, dConv: number, scale: number): Case {
  return {
    op: "ssmConv",
    dtype: "f32",
    shape: shapeText({ l, dInner, dConv, scale }),
    run(bench) {
      bench.backend.ssmConv({
        x: bench.input("x", [l, dInner], scale),
        weight: bench.plain([dInner, dConv]),
        bias: bench.plain([dInner]),
        convState: bench.input("convState", [dConv - 1, dInner], scale),
        out: bench.output("out", [l, dInner]),
      });
    },
  };
}

interface ScanSizes {
  readonly l: number;
  readonly dInner: number;
  readonly dtRank: number;
  readonly dState: number;
  /** Scale of dtBias: softplus must neither overflow nor round to 0 too early. */
  readonly bias: number;
  /** How dtProj is published. */
  readonly dtProj: WeightDtype;
}

function ssmScan(sizes: Partial<ScanSizes>): Case {
  const all: ScanSizes = { l: 3, dInner: 5, dtRank: 6, dState: 16, bias: 1, dtProj: "f32", ...sizes };
  const { l, dInner, dtRank, dState, bias } = all;
  return {
    op: "ssmScan",
    dtype: "f32",
    shape: shapeText({ ...all }),
    run(bench) {
      const normals = bench.normals(dInner * dState);
      bench.backend.ssmScan({
        dtBC: bench.input("dtBC", [l, dtRank + 2 * dState]),
        x: bench.input("x", [l, dInner]),
        z: bench.input("z", [l, dInner]),
        dtNorm: bench.plain([dtRank]),
        bNorm: bench.plain([dState]),
        cNorm: bench.plain([dState]),
        eps: 1e-6,
        dtProj: bench.projection(all.dtProj, [dInner, dtRank], 0.5),
        dtBias: bench.plain([dInner], bench.normals(dInner, bias)),
        A: bench.plain([dInner, dState], normals.map((value) => -Math.exp(value))),
        D: bench.plain([dInner]),
        ssmState: bench.input("ssmState", [dInner, dState]),
        out: bench.output("out", [l, dInner]),
      });
    },
  };
}

/** Every size of each dimension, no rows, long rows, and extreme step sizes. */
export const SSM_CASES: readonly Case[] = [
  ...SMALL_SIZES.map((dInner) => ssmConv(3, dInner, 4, 1)),
  ...EDGE_SIZES.map((dInner) => ssmConv(dInner % 2 + 1, dInner, 4, 1)),
  ...[1, 2, 3, 5, 8].flatMap((dConv) => [1, 2, 9].map((l) => ssmConv(l, 13, dConv, 1))),
  ssmConv(0, 6, 4, 1),
  ssmConv(40, 11, 4, 1e4),
  ...SMALL_SIZES.map((dInner) => ssmScan({ dInner })),
  ...EDGE_SIZES.map((dInner) => ssmScan({ dInner, l: dInner % 3 + 1 })),
  ...[...SMALL_SIZES, 11, 15, 17, 20, 31, 32, 33, 64].map((dState) => ssmScan({ dState })),
  ...[1, 2, 3, 7, 16, 33, 100].map((dtRank) => ssmScan({ dtRank, dState: 4 })),
  ...[1, 7, 16, 33, 100].flatMap((dtRank) =>
    [1, 3, 17].map((l) => ssmScan({ l, dtRank, dInner: 21, dtProj: "bf16" }))
  ),
  ssmScan({ dtProj: "f16" }),
  ...[0, 1, 2, 15, 16, 17, 33, 100].map((l) => ssmScan({ l })),
  ...[4, 5, 16, 17, 33].flatMap((l) =>
    [3, 16, 20, 64].map((dState) => ssmScan({ l, dState, dtRank: 8, dInner: 21 }))
  ),
  ssmScan({ l: 40, dtRank: 100, dInner: 70, bias: 30 }),
  ssmScan({ bias: 1e4, dInner: 9 }),
  ssmScan({ bias: 30, dInner: 33 }),
];
