/**
 * A checkpoint of exactly the released tensors (nvidia/Hymba-1.5B: names, shapes, dtypes, file size), random weights: packed in
 * bounded memory, its logits compared to the NumPy oracle's. `deno task test:fullsize`: some minutes, 6 GB of disk, 5 GB of memory,
 * and python3 with numpy and gguf (`.ci/requirements.txt`; PYTHON names another interpreter).
 */
import { assert, assertEquals } from "@std/assert";
import { writeRandomCheckpoint } from "../../bench/random_checkpoint.ts";
import { shapeConfig } from "../../bench/shapes.ts";
import { loadModel } from "../../mod.ts";
import { assertLogitsClose } from "../golden/assert_logits_close.ts";
import { packInProcess } from "./pack_in_process.ts";

const ORACLE = decodeURIComponent(new URL("../reference/stream_logits.py", import.meta.url).pathname);
const PUBLISHED_BYTES = 3_045_665_048;
const PROMPT = [1, 17, 30_111, 2900, 5, 32_000, 777];
const STEPS = [4242, 9];
/** Memory of a process that packs: Deno itself and slices of one tensor, whatever the checkpoint's size. */
const MAX_PACKING_BYTES = 400e6;

/**
 * Largest error as a fraction of the largest logit, the oracle having the same weights: dequantised ones where they are packed. It
 * leaves activations as they are, which products with quantised weights round to 16 bits.
 */
const TOLERANCE = { published: 1e-4, packed: 1e-3 } as const;

async function oracleLogits(folder: string, weights: string): Promise<Float64Array> {
  const out = `${folder}/logits.f64`;
  const args = [ORACLE, `${folder}/config.json`, `${folder}/${weights}`, PROMPT.join(), STEPS.join(), out];
  const { success, stderr } = await new Deno.Command(Deno.env.get("PYTHON") ?? "python3", { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new Float64Array((await Deno.readFile(out)).buffer);
}

async function logitsOf(source: string): Promise<Float32Array> {
  await using model = await loadModel(source, { backend: "wasm" });
  return await model.logits(PROMPT, { steps: STEPS });
}

Deno.test("loadModel runs the released architecture at full size as the oracle does, published and packed", async (t) => {
  const folder = await Deno.makeTempDir();
  const { vocab_size: vocabSize } = JSON.parse(shapeConfig("1.5b"));
  try {
    await writeRandomCheckpoint(shapeConfig("1.5b"), folder);
    assertEquals((await Deno.stat(`${folder}/model.safetensors`)).size, PUBLISHED_BYTES);
    await t.step("published, BF16 in WASM's memory", async () => {
      const wanted = await oracleLogits(folder, "model.safetensors");
      assertEquals(wanted.length, (PROMPT.length + STEPS.length) * vocabSize);
      assertLogitsClose(await logitsOf(folder), wanted, TOLERANCE.published, vocabSize);
    });
    for (const dtype of ["q8_0", "q4_0"] as const) {
      await t.step(`packed, ${dtype}`, async () => {
        const packed = `${folder}/${dtype}.gguf`;
        const peak = await packInProcess(folder, packed, dtype);
        console.log(`packing to ${dtype}: peak memory ${(peak / 1e6).toFixed(0)} MB`);
        assert(peak < MAX_PACKING_BYTES, `packing took ${peak} bytes of memory`);
        const wanted = await oracleLogits(folder, `${dtype}.gguf`);
        assertLogitsClose(await logitsOf(packed), wanted, TOLERANCE.packed, vocabSize);
        await Deno.remove(packed);
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
