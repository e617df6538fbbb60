/** An engine whose worker owns the GPU: Deno's WebGPU blocks the thread that waits for it, which must not be the one that serves. */
import { assert, assertEquals } from "@std/assert";
import { loadModel } from "../../runtime/load_model.ts";
import type { Engine, Job } from "../../server/engine/engine.ts";
import { LocalEngine } from "../../server/engine/local_engine.ts";
import { WorkerEngine } from "../../server/engine/worker_engine.ts";
import { gpuTest } from "./on_gpu.ts";

const JOB: Job = {
  prompts: [{ kind: "ids", ids: Array.from({ length: 600 }, (_, i) => 3 + (i * 37) % 4000) }],
  choices: 1,
  options: { temperature: 0 },
  maxTokens: 12,
  format: { kind: "text" },
  session: null,
};

const fromFileUrl = (path: string): string => new URL(path, import.meta.url).pathname;

/** The tokens of the job, and the longest time in which no timer had its turn, in milliseconds. */
async function run(engine: Engine): Promise<{ ids: number[]; longest: number }> {
  let [last, longest] = [performance.now(), 0];
  const beat = (): void => {
    const now = performance.now();
    [last, longest] = [now, Math.max(longest, now - last)];
  };
  const timer = setInterval(beat, 1);
  const ids: number[] = [];
  for await (const event of await engine.run(JOB, new AbortController().signal)) {
    if (event.kind === "token") ids.push(event.token.id);
  }
  clearInterval(timer);
  beat();
  return { ids, longest };
}

gpuTest("WorkerEngine.facts tells of the backend that a job went on with", async ({ allowSoftware }) => {
  const { Worker } = globalThis;
  globalThis.Worker = class extends Worker {
    constructor(_: string | URL, options?: WorkerOptions) {
      super(new URL("./losing_worker.ts", import.meta.url), options);
    }
  };
  try {
    const fixture = fromFileUrl("../fixtures/tiny-pair");
    await using engine = await WorkerEngine.start(fixture, { backend: { kind: "webgpu", allowSoftware } });
    assertEquals(engine.facts.backend.kind, "webgpu");
    const short = { ...JOB, prompts: [{ kind: "ids", ids: [3, 4, 5] }], maxTokens: 40 } as const;
    await Array.fromAsync(await engine.run(short, new AbortController().signal));
    assertEquals(engine.facts.backend.kind, "wasm");
    assertEquals(engine.facts.backend.previous?.kind, "webgpu");
  } finally {
    globalThis.Worker = Worker;
  }
});

gpuTest(
  "WorkerEngine with a GPU leaves this thread free, and gives the same tokens",
  async ({ allowSoftware }) => {
    const backend = { kind: "webgpu", allowSoftware } as const;
    await using model = await loadModel(undefined, { backend });
    await using local = new LocalEngine(model);
    const here = await run(local);
    await using worker = await WorkerEngine.start(undefined, { backend });
    assertEquals(worker.facts.backend.kind, "webgpu");
    const elsewhere = await run(worker);
    assertEquals(elsewhere.ids, here.ids);
    const gaps =
      `${elsewhere.longest} ms without a turn for a timer, ${here.longest} where this thread waits`;
    assert(elsewhere.longest < here.longest / 2, gaps);
  },
);
