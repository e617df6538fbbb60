/** @file Meta states that pass from layer to layer, and their absence. */
import { assertEquals, assertRejects } from "@std/assert";
import { ConfigError, HymbaEncoder } from "../../mod.ts";
import { BACKENDS, largestError, loadFixture, readFixture } from "./fixture.ts";

for (const backend of BACKENDS) {
  Deno.test(`HymbaEncoder with metaPropagation agrees with the NumPy restatement, on ${backend}`, async () => {
    for (const name of ["encoder-one-step", "encoder-odd-heads", "encoder-long"]) {
      const fixture = await readFixture(name);
      await using encoder = await loadFixture(fixture, { backend }, { metaPropagation: true });
      const error = largestError(await encoder.encode(fixture.x, fixture.shape), fixture.propagated!);
      assertEquals(error < 1e-5, true, `${name}: ${error}`);
    }
  });
}

const SIZES = { embedDim: 2, hiddenSize: 8, numLayers: 3, numMetaTokens: 2 };

/** Each layer's meta states after a sequence. */
async function metaStates(x: number[]): Promise<number[][]> {
  await using encoder = HymbaEncoder.build({ ...SIZES, metaPropagation: true });
  await encoder.initializeWeights({ seed: 5 });
  await using stream = encoder.createStream();
  await stream.step(x);
  const states = [...await stream.metaStates()];
  assertEquals(states.length, 3 * 2 * 8);
  return [0, 1, 2].map((layer) => states.slice(layer * 16, (layer + 1) * 16));
}

Deno.test("EncoderStream.metaStates: an early input changes what later layers' meta tokens are", async () => {
  const [before, after] = await Promise.all([[1, 2, 3, 4, 5, 6], [1, 2.5, 3, 4, 5, 6]].map(metaStates));
  assertEquals(before[0], new Array(16).fill(0));
  assertEquals(after[0], before[0]);
  for (const layer of [1, 2]) {
    assertEquals(before[layer].every((value) => value !== 0), true);
    assertEquals(after[layer].every((value, i) => value !== before[layer][i]), true);
  }
});

Deno.test("HymbaEncoder with metaPropagation and one layer is the plain encoder", async () => {
  const encodings = await Promise.all([false, true].map(async (metaPropagation) => {
    await using encoder = HymbaEncoder.build({ ...SIZES, numLayers: 1, metaPropagation });
    await encoder.initializeWeights({ seed: 5 });
    return await encoder.encode([1, 2, 3, 4, 5, 6], [1, 3, 2]);
  }));
  assertEquals(encodings[1], encodings[0]);
});

Deno.test("EncoderStream.metaStates needs metaPropagation and a live stream", async () => {
  await using plain = HymbaEncoder.build(SIZES);
  await plain.initializeWeights();
  const stream = plain.createStream();
  await assertRejects(() => stream.metaStates(), ConfigError, "metaPropagation is false");
  await stream[Symbol.asyncDispose]();
  await assertRejects(() => stream.metaStates(), ConfigError, "is disposed");
});
