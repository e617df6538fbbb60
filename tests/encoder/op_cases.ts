/** @file The encoder's four ops against the reference, for sizes at which kernels have tails. */
import { assertEquals } from "@std/assert";
import type { EncoderBackend } from "../../runtime/encoder/encoder_ops.ts";
import { openEncoderBackend } from "../../runtime/encoder/open_encoder_backend.ts";
import { Bench, type Layout, type Outcome } from "../conformance/bench.ts";
import { EDGE_SIZES, SMALL_SIZES } from "../conformance/cases/case.ts";
import { differences } from "../conformance/compare.ts";
import type { Tolerance } from "../conformance/tolerance.ts";

type Run = (bench: Bench, ops: EncoderBackend["ops"], l: number, n: number) => void;

/** f32 arithmetic: some roundings of 6e-8 each. */
const DEFAULT = { nmse: 1e-12, maxError: 2e-6 };

/** Ops that need more, and why. */
const LOOSENED: Readonly<Record<string, Tolerance>> = {
  // gelu's erf is off by 1.5e-7: much, beside outputs that are all in its lower tail.
  addBias: { nmse: 1e-10, maxError: 1e-5 },
  // State n decays by a power n + 1, which rounds n times.
  clippedScan: { nmse: 1e-11, maxError: 5e-6 },
};

/** By op, calls of it. */
export const ENCODER_OPS: Readonly<Record<keyof EncoderBackend["ops"], readonly Run[]>> = {
  layerNorm: [1, 1e-3, 1e4].map((scale): Run => (bench, ops, l, n) => {
    const [x, out] = [bench.input("x", [l, n], scale), bench.output("out", [l, n])];
    ops.layerNorm({ x, gamma: bench.plain([n]), beta: bench.plain([n]), eps: 1e-5, out });
  }),
  addBias: (["identity", "gelu", "sigmoid"] as const).map((activation): Run => (bench, ops, l, n) => {
    ops.addBias({ x: bench.input("x", [l, n], 3), bias: bench.plain([n]), activation });
  }),
  gateFusion: [(bench, ops, l, n) => {
    const [gate, ssm, attention, x] = ["gate", "ssm", "attention", "x"].map((name) =>
      bench.input(name, [l, n])
    );
    ops.gateFusion({ gate, ssm, attention, x });
  }],
  clippedScan: [1, 3, 4, 16, 33].map((stateSize): Run => (bench, ops, l, n) => {
    ops.clippedScan({
      dt: bench.input("dt", [l, n], 3),
      dtBias: bench.plain([n], bench.normals(n).map((value) => value - 3)),
      bc: bench.input("bc", [l, 2 * stateSize]),
      x: bench.input("x", [l, n]),
      z: bench.input("z", [l, n]),
      ssmState: bench.input("ssmState", [stateSize, n]),
      out: bench.output("out", [l, n]),
    });
  }),
};

async function outcomes(
  { backend, ops }: EncoderBackend,
  run: Run,
  sizes: readonly [l: number, n: number],
  layout: Layout,
): Promise<Outcome[]> {
  const bench = new Bench(backend, sizes[1], layout);
  run(bench, ops, ...sizes);
  return await bench.finish();
}

/** Checks an op on a backend, which it disposes of. */
export async function assertAgrees(
  op: keyof EncoderBackend["ops"],
  candidate: EncoderBackend,
): Promise<void> {
  const reference = await openEncoderBackend({ kind: "reference" });
  const found: string[] = [];
  for (const n of [...SMALL_SIZES, ...EDGE_SIZES]) {
    for (const l of [0, 1, 3, 17].slice(0, n > 100 ? 3 : 4)) {
      for (const [i, run] of ENCODER_OPS[op].entries()) {
        for (const layout of ["packed", "strided"] as const) {
          const wanted = await outcomes(reference, run, [l, n], layout);
          const got = await outcomes(candidate, run, [l, n], layout);
          const lines = differences(got, wanted, LOOSENED[op] ?? DEFAULT);
          found.push(...lines.map((line) => `${op} ${i}, l=${l} n=${n}, ${layout}: ${line}`));
        }
      }
    }
  }
  candidate.backend.dispose();
  assertEquals(found.length, 0, `${found.length} differences:\n${found.slice(0, 20).join("\n")}`);
}
