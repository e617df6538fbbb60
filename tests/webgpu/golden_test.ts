/** Logits of the tiny checkpoints on WebGPU against the NumPy oracle, and the kernels that a decode step takes. */
import { assert, assertEquals } from "@std/assert";
import { loadModel } from "../../mod.ts";
import { openWebGpuBackend } from "../../runtime/backends/webgpu.ts";
import { layer } from "../../runtime/layer.ts";
import { rows } from "../../runtime/tensor.ts";
import { randomNetwork, stateAt } from "../../bench/webgpu/model.ts";
import { TINY } from "../../bench/webgpu/shapes.ts";
import { assertLogitsClose } from "../golden/assert_logits_close.ts";
import { gpuTest } from "./on_gpu.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);
/** Largest error as a fraction of the largest logit. */
const TOLERANCE = 1e-5;

for (const name of ["tiny-pair", "tiny-triple", "tiny-bf16", "tiny-quant"]) {
  for (const chunkSize of [64, 5]) {
    gpuTest(
      `Model.logits reproduces the oracle on ${name}, webgpu, chunks of ${chunkSize}`,
      async (options) => {
        const expected = JSON.parse(await Deno.readTextFile(new URL(`${name}/expected.json`, FIXTURES)));
        await using model = await loadModel(new URL(name, FIXTURES), {
          backend: { kind: "webgpu", ...options },
          chunkSize,
        });
        assertEquals(model.backend.kind, "webgpu");
        const logits = await model.logits(expected.prompt, { steps: expected.steps });
        const wanted = [...expected.prefill_logits, ...expected.step_logits].flat();
        assertEquals(logits.length, wanted.length);
        assertLogitsClose(logits, wanted, TOLERANCE, model.config.vocabSize);
      },
    );
  }
}

gpuTest(
  "Model.generate of the default model in iq4_nl writes the same greedy text on WebGPU as on WebAssembly",
  async (options) => {
    const golden = JSON.parse(
      await Deno.readTextFile(new URL("default-model-golden/golden.json", FIXTURES)),
    );
    const source = new URL("../../models/stories/checkpoint", import.meta.url);
    const models = [{ kind: "webgpu", ...options }, { kind: "wasm" }] as const;
    const texts = await Promise.all(models.map(async (backend) => {
      await using model = await loadModel(source, { backend, quantization: "iq4_nl" });
      const stories: string[] = [];
      for (const { prompt } of golden.prompts.slice(0, 2)) {
        const tokens = model.generate(prompt, { temperature: 0, maxTokens: 40 });
        stories.push((await Array.fromAsync(tokens, ({ text }) => text)).join(""));
      }
      return stories;
    }));
    assertEquals(texts[0], texts[1]);
    assert(texts[0].every((text) => text.length > 40), "there are texts to compare");
  },
);

gpuTest(
  "layer takes six kernels for one row",
  async (options) => {
    for (const dtype of ["f16", "iq4_nl", "q4_0"] as const) {
      const backend = await openWebGpuBackend(options);
      const net = await randomNetwork(backend, TINY, dtype, 8);
      const state = stateAt(net, 40);
      const span = { state, start: 0, length: 1, lookback: TINY.windowSize - 1 };
      const before = backend.dispatches;
      layer(net, 1, rows(net.workspace.x, 0, 1), [span]);
      assertEquals(backend.dispatches - before, 6, dtype);
      backend.dispose();
    }
  },
);
