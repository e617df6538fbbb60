import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { openRandomCheckpoint, writeRandomCheckpoint } from "../../bench/random_checkpoint.ts";
import { shapeConfig, type ShapeName } from "../../bench/shapes.ts";
import { loadModel } from "../../mod.ts";
import { openCheckpoint } from "../../runtime/checkpoint.ts";
import { parseConfig } from "../../runtime/config.ts";
import { packCheckpoint } from "../../runtime/pack_checkpoint.ts";
import { byteLength, elementCount } from "../../runtime/tensor.ts";
import { tensorSpecs } from "../../runtime/weights.ts";

const TINY = new URL("../fixtures/tiny-quant/config.json", import.meta.url);

Deno.test("shapeConfig has the released tensors at 1.5b, and the paper's sizes", () => {
  const parameters = (name: ShapeName): [number, number] => {
    const specs = [...tensorSpecs(parseConfig(shapeConfig(name))).values()];
    return [specs.length, specs.reduce((sum, { shape }) => sum + elementCount(shape), 0)];
  };
  const [tensors, total] = parameters("1.5b");
  assertEquals(tensors, 611);
  const published = 3_045_665_048; // bytes of model.safetensors, header included
  const header = published - byteLength("bf16", total);
  assert(header > 0 && header < 100_000, `a header of ${header} bytes`);
  assert(Math.abs(parameters("350m")[1] - 354e6) < 2e6);
  assert(Math.abs(parameters("125m")[1] - 130e6) < 5e6);
  const { layers } = parseConfig(shapeConfig("1.5b"));
  const owners = layers.filter(({ kvOwner }, layer) => kvOwner === layer);
  assertEquals([owners.length, owners.filter(({ attention }) => attention === "global").length], [17, 3]);
});

Deno.test("writeRandomCheckpoint writes a folder that packs into what it writes packed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const configJson = await Deno.readTextFile(TINY);
    for (const dtype of ["q8_0", "iq4_nl", "f16"] as const) {
      await writeRandomCheckpoint(configJson, `${folder}/published`, "bf16", 7);
      await writeRandomCheckpoint(configJson, `${folder}/packed.gguf`, dtype, 7);
      const checkpoint = await openCheckpoint(`${folder}/published`);
      const parts: Uint8Array<ArrayBuffer>[] = [];
      const sink = new WritableStream<Uint8Array<ArrayBuffer>>({ write: (part) => void parts.push(part) });
      await packCheckpoint(checkpoint, { dtype, name: "Random weights", sink });
      await checkpoint.tensors.close();
      const packed = new Uint8Array(await new Blob(parts).arrayBuffer());
      assertEquals(await Deno.readFile(`${folder}/packed.gguf`), packed, dtype);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("openRandomCheckpoint gives the same bytes in any slices, and others for another seed", async () => {
  const configJson = await Deno.readTextFile(TINY);
  const source = openRandomCheckpoint(configJson, "q4_0", 3);
  const whole = (await source.read(0, source.size)).slice();
  for (const [offset, length] of [[0, 1], [100, 50_000], [source.size - 1000, 1000], [77_777, 33]]) {
    assertEquals(await source.read(offset, length), whole.slice(offset, offset + length));
  }
  assertNotEquals(await openRandomCheckpoint(configJson, "q4_0", 4).read(0, source.size), whole);
});

Deno.test("openRandomCheckpoint makes a model whose logits are neither flat nor wild", async () => {
  await using model = await loadModel(openRandomCheckpoint(await Deno.readTextFile(TINY), "q8_0"), {
    backend: "wasm",
  });
  const { vocabSize } = model.config;
  const logits = (await model.logits(Array.from({ length: 60 }, (_, i) => i))).subarray(-vocabSize);
  const deviation = Math.sqrt(logits.reduce((sum, value) => sum + value * value, 0) / vocabSize);
  assert(deviation > 1 && deviation < 6, `standard deviation ${deviation}`);
  await using session = await model.createSession();
  await session.append([1, 2, 3]);
  const ids = await Array.fromAsync(session.generate({ seed: 1, maxTokens: 40 }), ({ id }) => id);
  assert(new Set(ids).size > 10, `distinct tokens of ${ids}`);
});
