/**
 * The released architecture at full size on a real GPU: a checkpoint of random weights with Llama 2's tokenizer, packed by `hymba
 * convert`, writes the same text on WebGPU as on WebAssembly. `deno task test:fullsize:gpu`: some minutes, 11 GB of disk and of memory.
 */
import { assertEquals } from "@std/assert";
import { writeRandomCheckpoint } from "../../bench/random_checkpoint.ts";
import { shapeConfig } from "../../bench/shapes.ts";
import { loadModel, type Model } from "../../mod.ts";
import { assertLogitsClose } from "../golden/assert_logits_close.ts";
import { LLAMA2_CONFIG, llama2TokenizerJson } from "../text/llama2_tokenizer.ts";
import { packInProcess } from "./pack_in_process.ts";

const DTYPES = ["q4_0", "q8_0", "f16"] as const;
const PROMPT = "The meaning of life is, as far as";
const IDS = [1, 17, 30_111, 2900, 5, 32_000, 777];
const TOKENS = 64;
/** Of the largest logit; both round the same activations, so that only the order of sums differs. */
const TOLERANCE = 1e-3;

/** What one backend makes of a packed file. */
interface Outcome {
  readonly logits: Float32Array;
  readonly ids: number[];
  /** Tokens a second of the first generation, which compiles kernels on its way, and of a second one. */
  readonly rates: readonly number[];
  readonly loadSeconds: number;
}

async function outcomeOf(path: string, backend: "wasm" | "webgpu"): Promise<Outcome> {
  const start = performance.now();
  await using model = await loadModel(path, { backend });
  const loadSeconds = (performance.now() - start) / 1000;
  assertEquals(model.backend.kind, backend);
  const logits = await model.logits(IDS);
  const [first, second] = [await generate(model), await generate(model)];
  assertEquals(second.ids, first.ids);
  return { logits, ids: first.ids, rates: [first.rate, second.rate], loadSeconds };
}

async function generate(model: Model): Promise<{ ids: number[]; rate: number }> {
  const generation = model.generate(PROMPT, { maxTokens: TOKENS, temperature: 0 });
  const ids: number[] = [];
  let step = await generation.next();
  for (; !step.done; step = await generation.next()) ids.push(step.value.id);
  return { ids, rate: step.value.decodeTokensPerSecond ?? 0 };
}

async function writeCheckpoint(folder: string): Promise<void> {
  await writeRandomCheckpoint(shapeConfig("1.5b"), folder);
  await Deno.writeTextFile(`${folder}/tokenizer.json`, JSON.stringify(llama2TokenizerJson()));
  await Deno.writeTextFile(`${folder}/tokenizer_config.json`, JSON.stringify(LLAMA2_CONFIG));
}

Deno.test("Model.generate writes at full size on a GPU what it writes on WebAssembly", async (t) => {
  const folder = await Deno.makeTempDir();
  const { vocab_size: vocabSize } = JSON.parse(shapeConfig("1.5b"));
  try {
    await writeCheckpoint(folder);
    const packed = await Promise.all(DTYPES.map(async (dtype) => {
      const path = `${folder}/${dtype}.gguf`;
      return { dtype, path, peak: await packInProcess(folder, path, dtype) };
    }));
    for (const { dtype, path, peak } of packed) {
      await t.step(dtype, async () => {
        const gpu = await outcomeOf(path, "webgpu");
        const cpu = await outcomeOf(path, "wasm");
        const [onGpu, onCpu] = [gpu, cpu].map((each) =>
          `${each.rates.map((rate) => rate.toFixed(1)).join(", ")} tokens/s (loaded in ${
            each.loadSeconds.toFixed(1)
          } s)`
        );
        console.log(
          `${dtype}: packed at ${(peak / 1e6).toFixed(0)} MB; WebGPU ${onGpu}, WASM ${onCpu}`,
        );
        assertLogitsClose(gpu.logits, cpu.logits, TOLERANCE, vocabSize);
        assertEquals(gpu.ids, cpu.ids);
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
