/** @file Loading an encoder's weights: sources, storage types, and files that do not fit. */
import { assertEquals, assertRejects } from "@std/assert";
import { type HymbaEncoder, MissingFileError, WeightsError } from "../../mod.ts";
import { quantize } from "../../runtime/formats/quantize.ts";
import { openSafetensors } from "../../runtime/formats/safetensors.ts";
import { type SafetensorsEntry, writeSafetensors } from "../../runtime/formats/safetensors_writer.ts";
import { openBytesSource } from "../../runtime/sources/bytes_source.ts";
import { largestError, loadFixture, readFixture } from "./fixture.ts";

const FIXTURE = await readFixture("encoder-odd-heads");

/** The fixture's tensors. */
async function tensors(): Promise<Map<string, SafetensorsEntry>> {
  const file = await openSafetensors(openBytesSource("weights", FIXTURE.weights));
  const entries = await Promise.all([...file.tensors].map(async ([name, { shape }]) => {
    return [name, { dtype: "f32", shape, data: (await file.read(name)).slice() }] as const;
  }));
  return new Map(entries);
}

function encode(encoder: HymbaEncoder): Promise<Float32Array> {
  return encoder.encode(FIXTURE.x, FIXTURE.shape);
}

Deno.test("HymbaEncoder.loadWeights reads a path, a URL, bytes and an opened file", async () => {
  const url = new URL("../fixtures/encoder-odd-heads/weights.safetensors", import.meta.url);
  await using encoder = await loadFixture(FIXTURE, {});
  const expected = await encode(encoder);
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => {
    return new Response(FIXTURE.weights);
  });
  const { port } = server.addr as Deno.NetAddr;
  const opened = openBytesSource("opened", FIXTURE.weights);
  for (const source of [url, url.pathname, `http://127.0.0.1:${port}/weights.safetensors`, opened]) {
    await encoder.loadWeights(source);
    assertEquals(await encode(encoder), expected);
  }
  await server.shutdown();
  await assertRejects(() => encoder.loadWeights("no/such.safetensors"), MissingFileError);
});

Deno.test("HymbaEncoder.loadWeights reads F16 and BF16 as f32 has them", async () => {
  for (const dtype of ["f16", "bf16"] as const) {
    const rounded = new Map([...await tensors()].map(([name, { shape, data }]) => {
      return [name, { dtype, shape, data: quantize(dtype, new Float32Array(data.buffer)) }] as const;
    }));
    const [wasm, reference] = await Promise.all((["wasm", "reference"] as const).map(async (backend) => {
      const weights = writeSafetensors(rounded);
      await using encoder = await loadFixture({ ...FIXTURE, weights }, { backend });
      return await encode(encoder);
    }));
    assertEquals(largestError(wasm, reference) < 1e-5, true);
    const drift = largestError(wasm, FIXTURE.output);
    assertEquals(drift > 1e-5 && drift < 0.1, true, `${dtype}: ${drift}`);
  }
});

Deno.test("HymbaEncoder.loadWeights rejects tensors that are missing, unknown or misshapen, and names them", async () => {
  const name = "hymba_block_2_attn_compute.hymba_block_2_meta_k";
  const cases: readonly [change: (all: Map<string, SafetensorsEntry>) => void, message: string][] = [
    [(all) => all.delete(name), `Cannot load tensor "${name}": it is missing, expected shape [5, 9]`],
    [
      (all) => all.set(name, { ...all.get(name)!, shape: [9, 5] }),
      `Cannot load tensor "${name}": shape is [9, 5], expected [5, 9]`,
    ],
    [
      (all) => all.set("dropout_1.key", { dtype: "f32", shape: [1], data: new Uint8Array(4) }),
      'Cannot load tensor "dropout_1.key": there is no place for it in the encoder\'s options',
    ],
    [
      (all) => new Float32Array(all.get(name)!.data.buffer)[3] = NaN,
      name,
    ],
  ];
  await using encoder = await loadFixture(FIXTURE, {});
  const before = await encode(encoder);
  for (const [change, message] of cases) {
    const all = await tensors();
    change(all);
    const error = await assertRejects(() => encoder.loadWeights(writeSafetensors(all)), WeightsError);
    assertEquals(error.message.includes(message), true, error.message);
  }
  for (const length of [0, 7, 100, FIXTURE.weights.length - 1]) {
    await assertRejects(() => encoder.loadWeights(FIXTURE.weights.slice(0, length)), WeightsError);
  }
  assertEquals(await encode(encoder), before);
});

Deno.test("HymbaEncoder.loadWeights rejects the weights of other options", async () => {
  for (const changes of [{ numLayers: 2 }, { numLayers: 4 }, { embedDim: 9 }, { stateSize: 4 }]) {
    const error = await assertRejects(() => loadFixture(FIXTURE, {}, changes), WeightsError);
    assertEquals(error.remedy, "Check that the checkpoint and the encoder's options belong together");
  }
});

Deno.test("HymbaEncoder.loadWeights reports progress and stops when aborted", async () => {
  const seen: number[] = [];
  const onProgress = (progress: { loadedBytes: number; totalBytes: number }): void => {
    seen.push(progress.loadedBytes / progress.totalBytes);
  };
  await using encoder = await loadFixture(FIXTURE, { onProgress });
  assertEquals(seen.length, 2 + 2 + 3 * 32);
  assertEquals(seen.at(-1), 1);
  const reason = new Error("enough");
  const controller = new AbortController();
  const abort = (): void => controller.abort(reason);
  const load = encoder.loadWeights(FIXTURE.weights, { signal: controller.signal, onProgress: abort });
  assertEquals(await assertRejects(() => load), reason);
  assertEquals((await encode(encoder)).length, 2 * 9);
});
