/** Logits of the tiny checkpoints against the NumPy oracle (tests/reference/make_fixtures.py), on every backend. */
import { assertEquals } from "@std/assert";
import { loadModel } from "../../mod.ts";
import { assertLogitsClose } from "./assert_logits_close.ts";

interface Expected {
  readonly prompt: number[];
  readonly prefill_logits: number[][];
  readonly steps: number[];
  readonly step_logits: number[][];
}

const FIXTURES = new URL("../fixtures/", import.meta.url);

/** Largest error as a fraction of the largest logit. The reference keeps A = -exp(A_log) and the logits it returns in float32. */
const TOLERANCE = { reference: 1e-6, wasm: 1e-4 } as const;

for (const name of ["tiny-pair", "tiny-triple", "tiny-bf16", "tiny-quant"]) {
  for (const backend of ["reference", "wasm"] as const) {
    for (const chunkSize of [64, 5]) {
      Deno.test(`Model.logits reproduces the oracle on ${name}, ${backend}, chunks of ${chunkSize}`, async () => {
        const expected: Expected = JSON.parse(
          await Deno.readTextFile(new URL(`${name}/expected.json`, FIXTURES)),
        );
        await using model = await loadModel(new URL(name, FIXTURES), { backend, chunkSize });
        const logits = await model.logits(expected.prompt, { steps: expected.steps });
        const wanted = [...expected.prefill_logits, ...expected.step_logits].flat();
        assertEquals(logits.length, wanted.length);
        assertLogitsClose(logits, wanted, TOLERANCE[backend], model.config.vocabSize);
      });
    }
  }
}
