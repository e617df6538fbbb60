/** The state behind the meta tokens that packed files carry: that of the weights, taken where it belongs to them, refused where it is damaged. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { openStories } from "../../models/stories/open_stories.ts";
import { loadModel, type LoadOptions, type Model, TokenObserver } from "../../mod.ts";
import { openCheckpoint } from "../../runtime/checkpoint.ts";
import { computeMetaState } from "../../runtime/compute_meta_state.ts";
import { WeightsError } from "../../runtime/errors.ts";
import type { Branches, Network } from "../../runtime/network.ts";
import { assertLogitsClose } from "../golden/assert_logits_close.ts";
import { edited, type EditedTensor, pack, packFixture } from "./meta_state_files.ts";

const IDS = [1, 17, 30, 29, 5, 32, 7];
const KEYS = "model.layers.0.memory_state.keys";

/** Counts the passes through the network, those of a load among them. */
class Counting extends TokenObserver {
  passes = 0;

  override onBranches(net: Network, layer: number, branches: Branches): void {
    super.onBranches(net, layer, branches);
    if (layer === 0) this.passes++;
  }
}

/** Loads, and says whether the meta tokens passed through the network. */
async function computes(source: Uint8Array<ArrayBuffer>, options: LoadOptions = {}): Promise<boolean> {
  const observer = new Counting();
  await using _model = await loadModel(source, { backend: "wasm", observer, ...options });
  return observer.passes > 0;
}

async function withoutState(): Promise<Uint8Array<ArrayBuffer>> {
  const stories = await openCheckpoint(await openStories());
  assert(stories.metaState !== null, "the default model ships with its state");
  return await pack(stories, false);
}

async function logits(
  source: Uint8Array<ArrayBuffer> | undefined,
  options: LoadOptions,
): Promise<Float32Array> {
  await using model = await loadModel(source, options);
  return await model.logits(IDS, { steps: IDS });
}

async function story(model: Model, prompt: string): Promise<string> {
  const pieces = await Array.fromAsync(
    model.generate(prompt, { temperature: 0, maxTokens: 40 }),
    ({ text }) => text,
  );
  return pieces.join("");
}

Deno.test("loadModel of the default model gives the logits that passing its meta tokens gives, on both CPU backends", async () => {
  const plain = await withoutState();
  // What backends differ by from each other; keys and values in f16 round more.
  const cases = [["wasm", "f32", 1e-4], ["reference", "f32", 1e-4], ["wasm", "f16", 2e-4]] as const;
  for (const [backend, kvDtype, tolerance] of cases) {
    const options = { backend, kvDtype };
    const [shipped, computed] = [await logits(undefined, options), await logits(plain, options)];
    assertLogitsClose(shipped, computed, tolerance, shipped.length / (2 * IDS.length));
  }
  const deterministic = { deterministic: true };
  assertEquals(await logits(undefined, deterministic), await logits(plain, deterministic), "bit by bit");
});

Deno.test("loadModel of the default model tells the same stories with its state and without, and shares sessions", async () => {
  await using shipped = await loadModel();
  await using plain = await loadModel(await withoutState());
  for (const prompt of ["Once upon a time", "The little robot", ""]) {
    assertEquals(await story(shipped, prompt), await story(plain, prompt));
  }
  await using session = await plain.createSession();
  await using restored = await shipped.restoreSession(await session.snapshot());
  for (const each of [session, restored]) await each.append(IDS);
  assertEquals(await restored.nextLogits(), await session.nextLogits());
});

Deno.test("computeMetaState gives the same bits on one thread and on three", async () => {
  const stories = await openCheckpoint(await openStories());
  const [one, three] = await Promise.all(
    [1, 3].map((threads) => computeMetaState(stories, { dtype: "q8_0", threads })),
  );
  assertEquals(one!.fingerprint, three!.fingerprint);
  for (const name of one!.tensors.tensors.keys()) {
    assertEquals(await one!.tensors.read(name), await three!.tensors.read(name), name);
    assertEquals(await one!.tensors.read(name), await stories.metaState!.tensors.read(name), name);
  }
});

Deno.test("loadModel takes a stored state where weights and config are its own, and computes it anywhere else", async () => {
  const file = await packFixture("tiny-quant");
  assertEquals(await computes(await packFixture("tiny-quant", false)), true, "no state");
  for (const options of [{}, { backend: "reference" }, { kvDtype: "f16" }, { chunkSize: 5 }] as const) {
    assertEquals(await computes(file, options), false, JSON.stringify(options));
  }
  for (const same of [{ quantization: "q8_0" }, { activations: "q16" }] as const) {
    assertEquals(await computes(file, same), false, JSON.stringify(same));
  }
  for (const other of [{ quantization: "q4_0" }, { activations: "q8" }, { windowRule: "decode" }] as const) {
    assertEquals(await computes(file, other), true, JSON.stringify(other));
  }
  const trained = await edited(file, (tensors) => tensors.get("model.layers.1.mamba.D.0")!.bytes[0] ^= 1);
  assertEquals(await computes(trained), true, "another weight");
});

Deno.test("loadModel lets an observer that waits see the meta tokens pass, and counts on the stored state all the same", async () => {
  const file = await packFixture("tiny-quant");
  const observer = new TokenObserver();
  const observed = observer.next();
  await using watched = await loadModel(file, { backend: "wasm", observer });
  assertEquals((await observed).position, watched.config.numMetaTokens - 1);
  await using unwatched = await loadModel(file, { backend: "wasm" });
  assertEquals(await watched.logits(IDS), await unwatched.logits(IDS));
});

const DAMAGES: readonly [string, string, (tensors: Map<string, EditedTensor>) => void][] = [
  ["one is missing", `"${KEYS}": it is missing, expected shape [16, 64]`, (tensors) => tensors.delete(KEYS)],
  ["one has another shape", "shape is [8, 64], expected [16, 64]", (tensors) => {
    tensors.get(KEYS)!.shape = [8, 64];
  }],
  ["one is stored otherwise", "it is stored as f16, expected f32", (tensors) => {
    tensors.get(KEYS)!.dtype = "f16";
  }],
  ["one is too many", "there is no place for it in config.json", (tensors) => {
    const name = "model.layers.2.memory_state.keys"; // layer 2 reads those of layer 1
    tensors.set(name, { ...tensors.get(KEYS)!, name });
  }],
  ["one is not finite", `"${KEYS}" of "bytes": element 3 of 1024 is NaN or infinite`, (tensors) => {
    new DataView(tensors.get(KEYS)!.bytes.buffer).setFloat32(12, NaN, true);
  }],
];

for (const [what, message, damage] of DAMAGES) {
  Deno.test(`loadModel refuses a stored state of which ${what}`, async () => {
    const file = await edited(await packFixture("tiny-quant"), damage);
    const error = await assertRejects(() => loadModel(file, { backend: "wasm" }), WeightsError, message);
    assert(error.remedy.length > 0);
  });
}

Deno.test("loadModel refuses a stored state whose mark is missing, or is there without it, and a file that breaks off in it", async () => {
  const file = await packFixture("tiny-quant");
  const mark = "hymba.memory_state.fingerprint";
  const unmarked = await edited(file, (_, metadata) => metadata.delete(mark));
  await assertRejects(() => loadModel(unmarked), WeightsError, "there is no place for it in config.json");
  const fingerprint = { type: "string", value: "0".repeat(64) } as const;
  const bare = await edited(
    await packFixture("tiny-quant", false),
    (_, metadata) => metadata.set(mark, fingerprint),
  );
  await assertRejects(() => loadModel(bare), WeightsError, `"${KEYS}": it is missing`);
  const broken = file.slice(0, -64);
  await assertRejects(() => loadModel(broken), WeightsError, `it has ${broken.length} bytes, expected`);
});
