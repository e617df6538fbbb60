/** @file Reading step by step: the same as encoding, and what a stream says to mistakes. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ConfigError, HymbaEncoder, KernelError, ShapeError } from "../../mod.ts";
import { BACKENDS, type Fixture, loadFixture, readFixture } from "./fixture.ts";

/** The first sequence of a fixture, a step each. */
function stepsOf({ x, shape: [, length, embedDim] }: Fixture): Float32Array[] {
  return Array.from({ length }, (_, t) => x.subarray(t * embedDim, (t + 1) * embedDim));
}

for (const backend of BACKENDS) {
  for (const metaPropagation of [false, true]) {
    const how = `${metaPropagation ? "with" : "without"} metaPropagation, on ${backend}`;
    Deno.test(`EncoderStream.step gives at each length what encode gives, to the bit, ${how}`, async () => {
      for (const name of ["encoder-small", "encoder-odd-heads"]) {
        const fixture = await readFixture(name);
        await using encoder = await loadFixture(fixture, { backend }, { metaPropagation });
        await using stream = encoder.createStream({ maxLength: fixture.shape[1] });
        for (const [t, step] of stepsOf(fixture).entries()) {
          const shape = [1, t + 1, fixture.shape[2]] as const;
          const x = fixture.x.subarray(0, (t + 1) * fixture.shape[2]);
          const { output, gateMeans } = await encoder.encodeWithGates(x, shape);
          assertEquals(await stream.step(step), output);
          assertEquals(stream.gateMeans.map(Math.fround), gateMeans);
          assertEquals(stream.length, t + 1);
        }
      }
    });
  }
}

Deno.test("EncoderStream.step takes steps in any split, across the passes of a long sequence", async () => {
  const fixture = await readFixture("encoder-long");
  const { x, shape: [, length, embedDim] } = fixture;
  await using encoder = await loadFixture(fixture, {});
  const whole = await encoder.encode(x, fixture.shape);
  for (const sizes of [[1, 130], [64, 67], [63, 2, 66], [100, 31], new Array(131).fill(1)]) {
    await using stream = encoder.createStream({ maxLength: length });
    let [start, output] = [0, new Float32Array() as Float32Array];
    for (const size of sizes) {
      output = await stream.step(x.subarray(start * embedDim, (start + size) * embedDim));
      start += size;
    }
    assertEquals(output, whole);
  }
});

Deno.test("EncoderStream: streams of one encoder take turns without touching each other", async () => {
  const fixture = await readFixture("encoder-small");
  await using encoder = await loadFixture(fixture, {});
  const [, length, embedDim] = fixture.shape;
  const streams = [0, 1].map(() => encoder.createStream());
  const outputs = await Promise.all(streams.map(async (stream, i) => {
    let output = new Float32Array() as Float32Array;
    for (let t = 0; t < length; t++) {
      const start = (i * length + t) * embedDim;
      output = await stream.step(fixture.x.subarray(start, start + embedDim));
    }
    return [...output];
  }));
  assertEquals(outputs.flat(), [...await encoder.encode(fixture.x, fixture.shape)]);
  for (const stream of streams) await stream[Symbol.asyncDispose]();
});

Deno.test("EncoderStream rejects steps that do not fit, and reads nothing of them", async () => {
  await using encoder = HymbaEncoder.build({ embedDim: 2, hiddenSize: 8, numLayers: 2, windowSize: 4 });
  await encoder.initializeWeights();
  await using stream = encoder.createStream();
  assertEquals([stream.maxLength, stream.length], [4, 0]);
  assertEquals(stream.gateMeans.every(Number.isNaN), true);
  for (const wrong of [[], [1], [1, 2, 3], [1, NaN], [1, -Infinity]]) {
    await assertRejects(() => stream.step(wrong), ShapeError);
  }
  await assertRejects(() => stream.step(new Float32Array(10)), ShapeError, "0 of 4 steps");
  assertEquals(stream.length, 0);
  await stream.step(new Float32Array(8));
  await assertRejects(() => stream.step([1, 2]), ShapeError, "4 of 4 steps");
  for (const maxLength of [0, 1.5, -1, NaN, 2 ** 40]) {
    assertThrows(() => encoder.createStream({ maxLength }), ConfigError, "maxLength");
  }
});

Deno.test("EncoderStream allows one call at a time, and none after its end", async () => {
  await using encoder = HymbaEncoder.build({ embedDim: 2, hiddenSize: 8, numLayers: 2 });
  await encoder.initializeWeights();
  const stream = encoder.createStream();
  const first = stream.step([1, 2]);
  await assertRejects(() => stream.step([3, 4]), ConfigError, "one call at a time");
  await first;
  assertEquals(stream.length, 1);
  await stream[Symbol.asyncDispose]();
  await stream[Symbol.asyncDispose]();
  await assertRejects(() => stream.step([3, 4]), ConfigError, "is disposed");
});

Deno.test("EncoderStream ends with its encoder's weights", async () => {
  await using encoder = HymbaEncoder.build({ embedDim: 2, hiddenSize: 8, numLayers: 2 });
  await encoder.initializeWeights();
  const stream = encoder.createStream();
  await stream.step([1, 2]);
  await encoder.initializeWeights({ seed: 2 });
  await assertRejects(() => stream.step([3, 4]), KernelError, "it was freed");
  assertEquals((await encoder.encode([1, 2], [1, 1, 2])).length, 8);
});

Deno.test("EncoderStream.step and encode stop when their signal is aborted", async () => {
  await using encoder = HymbaEncoder.build({ embedDim: 2, hiddenSize: 8, numLayers: 1 });
  await encoder.initializeWeights();
  const reason = new Error("enough");
  const options = { signal: AbortSignal.abort(reason) };
  await using stream = encoder.createStream();
  for (const call of [() => stream.step([1, 2], options), () => encoder.encode([1, 2], [1, 1, 2], options)]) {
    assertEquals(await assertRejects(call), reason);
  }
  assertEquals(stream.length, 0);
  const controller = new AbortController();
  const length = 200_000;
  const long = encoder.encode(new Float32Array(2 * length), [length, 1, 2], { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 1);
  assertEquals(await assertRejects(() => long), reason);
});
