/** Tokens that run ahead on a GPU: what it leaves is what one token at a time leaves, and what sampling on the CPU leaves. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { loadModel, type Model } from "../../mod.ts";
import { ConfigError } from "../../runtime/errors.ts";
import type { TokenConstraint } from "../../runtime/token_constraint.ts";
import { LIVELY, RUN_AHEAD_CASES, snapshotsAtEveryStop, started } from "../model/run_ahead_cases.ts";
import { GPU_OPTIONS, gpuTest } from "./on_gpu.ts";
import { TestGpu } from "./test_gpu.ts";

/** Error scopes that end with a read. */
const SCOPES = 3;
const FIXTURE = new URL("../fixtures/tiny-pair", import.meta.url);

const open = (runAhead?: number, source: URL | undefined = FIXTURE): Promise<Model> =>
  loadModel(source, { backend: { kind: "webgpu", ...GPU_OPTIONS, ...{ runAhead } } });

Object.entries(RUN_AHEAD_CASES).forEach(([name, scenario], i) => {
  const runAhead = i % 3 === 0 ? undefined : 5;
  const length = runAhead ?? "as many as fit";
  gpuTest(`RunAhead does not change ${name}, ${length} tokens ahead, webgpu`, async () => {
    await using alone = await open(1);
    await using model = await open(runAhead);
    assertEquals(await scenario(model), await scenario(alone));
  });
});

gpuTest("RunAhead reads once for all the tokens that run ahead, webgpu", async (options) => {
  const reads = await Promise.all([1, 8].map(async (runAhead) => {
    let count = 0;
    const { gpu } = new TestGpu(options, (device) => {
      const popErrorScope = device.popErrorScope.bind(device);
      const value = (): Promise<GPUError | null> => {
        count++;
        return popErrorScope();
      };
      Object.defineProperty(device, "popErrorScope", { value });
    });
    const backend = { kind: "webgpu", ...options, gpu, ...{ runAhead } } as const;
    await using model = await loadModel(FIXTURE, { backend });
    await using session = await started(model);
    const before = count;
    await Array.fromAsync(session.generate({ ...LIVELY, maxTokens: 16 }));
    return (count - before) / SCOPES;
  }));
  assertEquals(reads, [16, 2]);
});

gpuTest("RunAhead leaves the same snapshot at every stop, webgpu", async () => {
  await using alone = await open(1);
  const wanted = await snapshotsAtEveryStop(alone, 9, true);
  for (const runAhead of [2, 9]) {
    await using model = await open(runAhead);
    const got = await snapshotsAtEveryStop(model, runAhead, true);
    assertEquals(got, wanted.slice(0, runAhead), `${runAhead} tokens ahead`);
  }
});

/** Allows everything, and so has the CPU choose. */
const ANYTHING: TokenConstraint = { isFinished: false, constrain: () => {}, accept: () => {} };

gpuTest("Session.generate chooses on the GPU what it chooses on the CPU", async () => {
  for (const name of ["tiny-triple", "tiny-quant"]) {
    await using model = await open(undefined, new URL(`../fixtures/${name}`, import.meta.url));
    for (const sampling of [{}, { temperature: 0, repetitionPenalty: 1 }, { minP: 0.05, topP: 1 }]) {
      const options = { ...LIVELY, ...sampling, maxTokens: 20 };
      await using one = await started(model);
      await using other = await started(model);
      const onGpu = await Array.fromAsync(one.generate(options), ({ id }) => id);
      const onCpu = await Array.fromAsync(
        other.generate({ ...options, constraint: ANYTHING }),
        ({ id }) => id,
      );
      assertEquals(onGpu, onCpu, name);
      assertEquals(await one.nextLogits(), await other.nextLogits());
    }
  }
});

gpuTest("Model.generate shows the same text and stops at any number of tokens ahead, webgpu", async () => {
  const seen: unknown[] = [];
  for (const runAhead of [1, 6]) {
    await using model = await loadModel(undefined, {
      backend: { kind: "webgpu", ...GPU_OPTIONS, ...{ runAhead } },
    });
    const runs: unknown[] = [];
    for (const stop of [[], [" time"], ["the", "very long"]]) {
      const tokens = model.generate("Once upon a", { temperature: 0.7, seed: 4, maxTokens: 20, stop });
      const pieces: unknown[] = [];
      let next = await tokens.next();
      for (; !next.done; next = await tokens.next()) pieces.push(next.value);
      runs.push([pieces, next.value.finishReason, next.value.stop]);
    }
    seen.push(runs);
  }
  assertEquals(seen[1], seen[0]);
});

gpuTest("Session.generate says why where no token is allowed, webgpu", async () => {
  await using model = await open(8);
  await using session = await started(model);
  const logitBias = Object.fromEntries(
    Array.from({ length: model.config.vocabSize }, (_, id) => [id, -Infinity]),
  );
  const error = await assertRejects(
    () => session.generate({ ...LIVELY, logitBias }).next(),
    ConfigError,
  );
  assert(error.message.includes("-Infinity"), error.message);
});
