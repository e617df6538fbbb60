/** @file What a model and its sessions take of the WASM backend's memory, and a process while it loads one. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { writeRandomCheckpoint } from "../../bench/random_checkpoint.ts";
import { shapeConfig } from "../../bench/shapes.ts";
import { WasmBackend } from "../../runtime/backends/wasm.ts";
import { loadModel, type Model } from "../../mod.ts";
import { type MemoryOptions, stateBytes } from "../../runtime/state_layout.ts";

const TINY = new URL("../fixtures/tiny-pair/", import.meta.url);

/** Runs `body` with the backend that a model opens. */
async function withBackend(
  load: () => Promise<Model>,
  body: (model: Model, backend: WasmBackend) => Promise<void>,
): Promise<void> {
  const { reserve } = WasmBackend.prototype;
  let backend: WasmBackend | undefined;
  WasmBackend.prototype.reserve = function (bytes): void {
    backend = this;
    reserve.call(this, bytes);
  };
  try {
    await using model = await load();
    await body(model, backend!);
  } finally {
    WasmBackend.prototype.reserve = reserve;
  }
}

Deno.test("Model.createSession takes exactly what stateBytes says, and gives it back", async () => {
  const declared: readonly MemoryOptions[] = [
    { maxContext: 1 },
    { maxContext: 1000 },
    { maxContext: 1024 },
    { maxContext: 40, globalWindow: 12 },
    { globalWindow: 300 },
  ];
  for (const kvDtype of ["f32", "f16"] as const) {
    for (const chunkSize of [1, 64]) {
      const load = (): Promise<Model> => loadModel(TINY, { backend: "wasm", kvDtype, chunkSize });
      await withBackend(load, async (model, backend) => {
        // The first pass allocates what all later ones use.
        await model.logits([3, 4, 5]);
        const before = backend.memoryBytes;
        for (const memory of declared) {
          const { maxContext = null, globalWindow = null } = memory;
          const layout = { kvDtype, chunkSize, maxContext, globalWindow };
          const { total } = stateBytes(model.config, layout, 0);
          const session = await model.createSession(memory);
          assertEquals([backend.memoryBytes - before, session.stateBytes], [total, total]);
          for (let i = 0; i < 40; i++) await session.append([i + 3].slice(0, maxContext === 1 && i ? 0 : 1));
          await session.nextLogits();
          assertEquals(backend.memoryBytes - before, total, "after use");
          await session[Symbol.asyncDispose]();
          assertEquals(backend.memoryBytes, before);
        }
      });
    }
  }
});

Deno.test({
  name: "loadWeights of a packed file takes at most 1.15 times its weights and state of the process's memory",
  // Where the system says what a process took at most.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      await writeRandomCheckpoint(shapeConfig("125m"), `${folder}/large.gguf`, "q8_0");
      const tiny = await Deno.readTextFile(new URL("config.json", TINY));
      await writeRandomCheckpoint(tiny, `${folder}/tiny.gguf`, "f32");
      const [large, base] = [await peakOf(`${folder}/large.gguf`), await peakOf(`${folder}/tiny.gguf`)];
      assert(large.held > 140e6);
      assertLess((large.peak - base.peak) / (large.held - base.held), 1.15);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Most bytes that a process has held which loads a model, and those that the backend's memory has of them. */
async function peakOf(path: string): Promise<{ peak: number; held: number }> {
  const program = new URL("load_peak.ts", import.meta.url).href;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const args = ["run", "--config", config, "--allow-all", "--no-check", program, path];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  assert(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}
