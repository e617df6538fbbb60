/**
 * @file A sequence gives the same bits token by token and in chunks of any sizes; on WebGPU, whose kernels for many rows add up in
 * another order than those for few, the same numbers to rounding.
 */
import { assert, assertEquals } from "@std/assert";
import type { Backend } from "../../runtime/backend.ts";
import { backendTest } from "./backends.ts";
import { attentionBranch, rowwiseOps, runInChunks, ssmBranch, type Window } from "./chunks.ts";
import { WEIGHT_DTYPES } from "../../runtime/tensor.ts";

const LENGTH = 90;

/** Sizes up to 10 that add up to LENGTH. */
const CHUNKINGS: readonly (readonly number[])[] = [
  new Array(9).fill(10),
  [...new Array(12).fill(7), 6],
  [1, 10, 2, 9, 3, 8, 4, 7, 5, 6, 10, 1, 1, 10, 3, 10],
];

const STEPS: readonly number[] = new Array(LENGTH).fill(1);

/** Largest difference on WebGPU, as a fraction of the largest number. */
const ROUNDING = 4e-6;

async function assertSame(
  backend: Backend,
  prepare: Parameters<typeof runInChunks>[1],
  chunkings = CHUNKINGS,
): Promise<void> {
  const steps = await runInChunks(backend, prepare, STEPS);
  for (const sizes of chunkings) {
    const chunked = await runInChunks(backend, prepare, sizes);
    if (backend.kind === "webgpu") chunked.forEach((values, i) => assertClose(values, steps[i]));
    else assertEquals(chunked, steps);
  }
}

function assertClose(got: Float32Array, wanted: Float32Array): void {
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0);
  got.forEach((value, i) => {
    const same = Object.is(value, wanted[i]) || Math.abs(value - wanted[i]) <= ROUNDING * largest;
    assert(same, `at ${i}: got ${value}, wanted ${wanted[i]}, the largest being ${largest}`);
  });
}

backendTest("ssmConv and ssmScan give the same for any split", async (backend) => {
  await assertSame(backend, ssmBranch, [...CHUNKINGS, [LENGTH]]);
});

const WINDOWS: readonly Window[] = (["f32", "f16"] as const).flatMap((dtype) => [
  { dtype, numMetaTokens: 5, ringSize: 40, lookback: 30 },
  { dtype, numMetaTokens: 5, ringSize: 40, lookback: 29 },
  { dtype, numMetaTokens: 0, ringSize: 33, lookback: 0 },
  { dtype, numMetaTokens: 33, ringSize: 64, lookback: 40 },
  { dtype, numMetaTokens: 3, ringSize: null, lookback: 20 },
  { dtype, numMetaTokens: 0, ringSize: null, lookback: null },
]);

backendTest("ropeAppend and attention give the same for any split", async (backend) => {
  for (const window of WINDOWS) await assertSame(backend, attentionBranch(window));
});

backendTest("attention with a window of the whole sequence is full attention", async (backend) => {
  const windowed = attentionBranch({ dtype: "f32", numMetaTokens: 5, ringSize: 200, lookback: LENGTH });
  const full = attentionBranch({ dtype: "f32", numMetaTokens: 5, ringSize: null, lookback: null });
  // The caches differ in size; they come last.
  const outputs = async (branch: typeof full): Promise<Float32Array[]> =>
    (await runInChunks(backend, branch, CHUNKINGS[2])).slice(0, 4);
  assertEquals(await outputs(windowed), await outputs(full));
});

backendTest(
  "rmsNorm, headFusion, linear and gatedLinear give a row the same alone and among others",
  async (backend) => {
    for (const dtype of WEIGHT_DTYPES) {
      await assertSame(backend, rowwiseOps(dtype));
    }
  },
);
