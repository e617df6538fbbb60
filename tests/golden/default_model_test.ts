/** The default model: the published checkpoint against the golden file made by the training code, and the packed one across backends. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { loadModel, type Model } from "../../mod.ts";
import { openStories } from "../../models/stories/open_stories.ts";

interface Golden {
  readonly prompts: readonly {
    readonly prompt: string;
    readonly ids: number[];
    readonly top_ids: number[];
    readonly top_logits: number[];
    readonly greedy_ids: number[];
    readonly greedy_text: string;
    readonly smallest_margin: number;
  }[];
}

const CHECKPOINT = new URL("../../models/stories/checkpoint", import.meta.url);
const { prompts }: Golden = JSON.parse(
  await Deno.readTextFile(new URL("../fixtures/default-model-golden/golden.json", import.meta.url)),
);

/** The golden file was made in float32. */
const LOGIT_TOLERANCE = 5e-4;

for (const backend of ["reference", "wasm"] as const) {
  Deno.test(`loadModel of the published default model reproduces golden ids and logits, ${backend}`, async () => {
    await using model = await loadModel(CHECKPOINT, { backend });
    const { vocabSize } = model.config;
    for (const { ids, top_ids, top_logits, greedy_ids, smallest_margin } of prompts) {
      assert(smallest_margin > 2 * LOGIT_TOLERANCE, "the golden ids are far enough from a tie");
      const logits = await model.logits(ids, { steps: greedy_ids.slice(0, -1) });
      const row = (t: number): Float32Array => logits.subarray(t * vocabSize, (t + 1) * vocabSize);
      const last = row(ids.length - 1);
      top_ids.forEach((id, i) => assertLess(Math.abs(last[id] - top_logits[i]), LOGIT_TOLERANCE));
      const greedy = greedy_ids.map((_, i) =>
        row(ids.length - 1 + i).reduce((best, v, id, all) => v > all[best] ? id : best, 0)
      );
      assertEquals(greedy, greedy_ids);
    }
  });
}

async function story(model: Model, prompt: string): Promise<string> {
  const pieces = await Array.fromAsync(
    model.generate(prompt, { temperature: 0, maxTokens: 40 }),
    ({ text }) => text,
  );
  return pieces.join("");
}

for (const [source, quantization] of [[undefined, "q8_0"], [CHECKPOINT, "iq4_nl"]] as const) {
  Deno.test(`Model.generate of the default model in ${quantization} writes the same greedy text on every CPU backend`, async () => {
    await using reference = await loadModel(source, { backend: "reference", quantization });
    await using wasm = await loadModel(source, { backend: "wasm", quantization });
    for (const { prompt } of prompts) assertEquals(await story(wasm, prompt), await story(reference, prompt));
  });
}

Deno.test("Model.generate streams text that joins to the decoding of its ids", async () => {
  await using model = await loadModel();
  for (const seed of [1, 2, 3]) {
    await using session = await model.createSession();
    await session.append(prompts[0].prompt);
    const tokens = await Array.fromAsync(
      session.generate({ temperature: 1.5, topP: 1, seed, maxTokens: 120 }),
    );
    const again = await Array.fromAsync(
      model.generate(prompts[0].prompt, { temperature: 1.5, topP: 1, seed, maxTokens: 120 }),
    );
    assertEquals(again, tokens, "same seed, same tokens");
  }
});

Deno.test("loadModel knows the default model by the hash that its tensors have", async () => {
  await using shipped = await loadModel();
  await using read = await loadModel(await openStories());
  await using session = await shipped.createSession();
  await session.append("Once upon a time");
  await using restored = await read.restoreSession(await session.snapshot());
  assertEquals(await restored.nextLogits(), await session.nextLogits());
});
