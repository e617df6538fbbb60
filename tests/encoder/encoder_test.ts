/** @file The encoder on whole sequences: fixtures, defaults, and what it says to bad input. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ConfigError, type EncoderOptions, HymbaEncoder, ShapeError } from "../../mod.ts";
import { BACKENDS, largestError, loadFixture, readFixture } from "./fixture.ts";

const FIXTURES = [
  "encoder-small",
  "encoder-same-width",
  "encoder-one-step",
  "encoder-odd-heads",
  "encoder-long",
] as const;

for (const backend of BACKENDS) {
  Deno.test(`HymbaEncoder agrees with the NumPy restatement within 1e-5, on ${backend}`, async () => {
    for (const name of FIXTURES) {
      const fixture = await readFixture(name);
      await using encoder = await loadFixture(fixture, { backend });
      const error = largestError(await encoder.encode(fixture.x, fixture.shape), fixture.output);
      assertEquals(error < 1e-5, true, `${name}: ${error}`);
    }
  });

  Deno.test(`HymbaEncoder encodes a sequence alike in any batch, on ${backend}`, async () => {
    const fixture = await readFixture("encoder-same-width");
    const [batch, length, embedDim] = fixture.shape;
    await using encoder = await loadFixture(fixture, { backend });
    const together = await encoder.encode(fixture.x, fixture.shape);
    const alone = await Promise.all(Array.from({ length: batch }, (_, i) => {
      const sequence = fixture.x.subarray(i * length * embedDim, (i + 1) * length * embedDim);
      return encoder.encode(sequence, [1, length, embedDim]);
    }));
    assertEquals(alone.flatMap((encoding) => [...encoding]), [...together]);
  });
}

Deno.test("HymbaEncoder gives the means of its gates, the same on both backends", async () => {
  const fixture = await readFixture("encoder-odd-heads");
  const [reference, wasm] = await Promise.all(BACKENDS.map(async (backend) => {
    await using encoder = await loadFixture(fixture, { backend });
    return (await encoder.encodeWithGates(fixture.x, fixture.shape)).gateMeans;
  }));
  assertEquals(reference.length, 2 * 3);
  assertEquals(largestError(wasm, reference) < 1e-6, true);
  // Weights whose gates are shut let Mamba through, or attention.
  for (const [bias, mean] of [[40, 1], [-200, 0]]) {
    const shut = await shutGates(bias);
    assertEquals([...shut], new Array(2).fill(mean));
  }
});

/** Gate means of an encoder whose gates have a bias. */
async function shutGates(bias: number): Promise<Float32Array> {
  const { randomEncoderTensors } = await import("../../runtime/encoder/random_tensors.ts");
  const { writeSafetensors } = await import("../../runtime/formats/safetensors_writer.ts");
  await using encoder = HymbaEncoder.build({ embedDim: 2, hiddenSize: 8, numLayers: 2 });
  const file = randomEncoderTensors(encoder.config, 3);
  const entries = await Promise.all([...file.tensors].map(async ([name, { shape }]) => {
    const data = await file.read(name);
    if (name.endsWith("fusion_gate_proj.bias")) new Float32Array(data.buffer).fill(bias);
    return [name, { dtype: "f32", shape, data }] as const;
  }));
  await encoder.loadWeights(writeSafetensors(new Map(entries)));
  return (await encoder.encodeWithGates([1, 2, 3, 4], [1, 2, 2])).gateMeans;
}

Deno.test("HymbaEncoder has Edifice's defaults and parameters", () => {
  const { config, parameterCount } = HymbaEncoder.build({ embedDim: 287, numHeads: undefined });
  assertEquals({ ...config }, {
    embedDim: 287,
    hiddenSize: 256,
    stateSize: 16,
    numLayers: 4,
    numHeads: 4,
    numMetaTokens: 4,
    dropout: 0,
    windowSize: 60,
    metaPropagation: false,
  });
  assertEquals(parameterCount, 5_291_776);
  assertEquals(HymbaEncoder.defaultHiddenSize(), 256);
  assertEquals(HymbaEncoder.defaultStateSize(), 16);
  assertEquals(HymbaEncoder.defaultNumLayers(), 4);
  assertEquals(HymbaEncoder.defaultNumHeads(), 4);
  assertEquals(HymbaEncoder.defaultNumMetaTokens(), 4);
  assertEquals(HymbaEncoder.defaultDropout(), 0);
  assertEquals([HymbaEncoder.outputSize(), HymbaEncoder.outputSize({ hiddenSize: 24 })], [256, 24]);
  assertEquals(HymbaEncoder.recommendedDefaults(), {
    hiddenSize: 256,
    stateSize: 16,
    numLayers: 4,
    numHeads: 4,
    numMetaTokens: 4,
    windowSize: 60,
    dropout: 0.1,
  });
  HymbaEncoder.build({ embedDim: 3, ...HymbaEncoder.recommendedDefaults() });
});

Deno.test("HymbaEncoder.build rejects options that are none", () => {
  const wrong: readonly unknown[] = [
    undefined,
    null,
    {},
    { embedDim: 0 },
    { embedDim: 2.5 },
    { embedDim: "3" },
    { embedDim: 3, hiddenSize: -1 },
    { embedDim: 3, hiddenSize: NaN },
    { embedDim: 3, hiddenSize: 100_000 },
    { embedDim: 3, hiddenSize: 10, numHeads: 4 },
    { embedDim: 3, stateSize: 0 },
    { embedDim: 3, numLayers: 0 },
    { embedDim: 3, numMetaTokens: 0 },
    { embedDim: 3, windowSize: 0 },
    { embedDim: 3, dropout: 1 },
    { embedDim: 3, dropout: -0.1 },
    { embedDim: 3, dropout: null },
    { embedDim: 3, metaPropagation: 1 },
    { embedDim: 3, hidden_size: 8 },
  ];
  for (const options of wrong) {
    const error = assertThrows(() => HymbaEncoder.build(options as EncoderOptions), ConfigError);
    assertEquals(error.message.startsWith("Cannot ") && error.remedy.length > 0, true);
  }
});

Deno.test("HymbaEncoder does without dropout", async () => {
  const fixture = await readFixture("encoder-small");
  const [plain, dropped] = await Promise.all([0, 0.5].map(async (dropout) => {
    await using encoder = await loadFixture(fixture, {}, { dropout });
    return await encoder.encode(fixture.x, fixture.shape);
  }));
  assertEquals(dropped, plain);
});

Deno.test("HymbaEncoder.encode rejects what is no batch of its width", async () => {
  await using encoder = HymbaEncoder.build({ embedDim: 3, hiddenSize: 8, numLayers: 1 });
  await encoder.initializeWeights();
  const x = new Float32Array(24);
  const wrong = [[2, 4, 4], [2, 3, 3], [0, 4, 3], [2, 0, 3], [2.5, 4, 3], [8, 3], [2, 2, 2, 3], [-2, -4, 3]];
  for (const shape of wrong) {
    await assertRejects(() => encoder.encode(x, shape as unknown as [number, number, number]), ShapeError);
  }
  for (const bad of [NaN, Infinity, 1e39]) {
    const error = await assertRejects(() => encoder.encode([0, 0, bad], [1, 1, 3]), ShapeError);
    assertEquals(error.message.includes(`number 2 is ${bad}`), true);
  }
  assertEquals((await encoder.encode(x, [2, 4, 3])).length, 16);
});

Deno.test("HymbaEncoder needs weights, a backend that it knows, and not to be disposed", async () => {
  const encoder = HymbaEncoder.build({ embedDim: 3, hiddenSize: 8, numLayers: 1 });
  assertEquals(encoder.backend, null);
  await assertRejects(() => encoder.encode([1, 2, 3], [1, 1, 3]), ConfigError, "has no weights");
  assertThrows(() => encoder.createStream(), ConfigError, "has no weights");
  await assertRejects(() => encoder.initializeWeights({ seed: -1 }), ConfigError, "seed");
  await assertRejects(
    () => encoder.initializeWeights({ backend: "cuda" as "wasm" }),
    ConfigError,
    "cuda",
  );
  await encoder.initializeWeights({ backend: { kind: "wasm", variant: "simd128" } });
  assertEquals([encoder.backend?.kind, encoder.backend?.simd], ["wasm", "simd128"]);
  await encoder[Symbol.asyncDispose]();
  await encoder[Symbol.asyncDispose]();
  await assertRejects(() => encoder.encode([1, 2, 3], [1, 1, 3]), ConfigError, "is disposed");
  await assertRejects(() => encoder.initializeWeights(), ConfigError, "is disposed");
});

Deno.test("HymbaEncoder.initializeWeights gives the same weights for the same seed", async () => {
  const encode = async (seed: number): Promise<number[]> => {
    await using encoder = HymbaEncoder.build({ embedDim: 3, hiddenSize: 8 });
    await encoder.initializeWeights({ seed });
    return [...await encoder.encode([1, 2, 3, 4, 5, 6], [1, 2, 3])];
  };
  assertEquals(await encode(1), await encode(1));
  assertEquals((await encode(1)).some((value) => value !== 0), true);
  assertEquals((await encode(1)).join() === (await encode(2)).join(), false);
});
