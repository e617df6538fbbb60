/** @file A sequence gives the same bits token by token and in chunks of any sizes. */
import { assertEquals } from "@std/assert";
import type { Backend } from "../../runtime/backend.ts";
import { backendTest } from "./backends.ts";
import { attentionBranch, rowwiseOps, runInChunks, ssmBranch, type Window } from "./chunks.ts";

const LENGTH = 90;

/** Sizes up to 10 that add up to LENGTH. */
const CHUNKINGS: readonly (readonly number[])[] = [
  new Array(9).fill(10),
  [...new Array(12).fill(7), 6],
  [1, 10, 2, 9, 3, 8, 4, 7, 5, 6, 10, 1, 1, 10, 3, 10],
];

const STEPS: readonly number[] = new Array(LENGTH).fill(1);

async function assertSameBits(backend: Backend, prepare: Parameters<typeof runInChunks>[1]): Promise<void> {
  const steps = await runInChunks(backend, prepare, STEPS);
  for (const sizes of CHUNKINGS) assertEquals(await runInChunks(backend, prepare, sizes), steps);
}

backendTest("ssmConv and ssmScan give the same bits for any split", async (backend) => {
  await assertSameBits(backend, ssmBranch);
  assertEquals(await runInChunks(backend, ssmBranch, [LENGTH]), await runInChunks(backend, ssmBranch, STEPS));
});

const WINDOWS: readonly Window[] = (["f32", "f16"] as const).flatMap((dtype) => [
  { dtype, numMetaTokens: 5, ringSize: 40, lookback: 30 },
  { dtype, numMetaTokens: 5, ringSize: 40, lookback: 29 },
  { dtype, numMetaTokens: 0, ringSize: 33, lookback: 0 },
  { dtype, numMetaTokens: 33, ringSize: 64, lookback: 40 },
  { dtype, numMetaTokens: 3, ringSize: null, lookback: 20 },
  { dtype, numMetaTokens: 0, ringSize: null, lookback: null },
]);

backendTest("ropeAppend and attention give the same bits for any split", async (backend) => {
  for (const window of WINDOWS) await assertSameBits(backend, attentionBranch(window));
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
  "rmsNorm, headFusion, linear and gatedLinear give a row the same bits alone and among others",
  async (backend) => {
    for (const dtype of ["f32", "f16", "bf16", "q8_0", "q4_0"] as const) {
      await assertSameBits(backend, rowwiseOps(dtype));
    }
  },
);
