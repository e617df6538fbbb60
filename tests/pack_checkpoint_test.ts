import { assert, assertEquals, assertRejects } from "@std/assert";
import { computeMetaState } from "../runtime/compute_meta_state.ts";
import { parseConfig } from "../runtime/config.ts";
import { ConfigError, WeightsError } from "../runtime/errors.ts";
import { openGgufCheckpoint } from "../runtime/gguf_checkpoint.ts";
import { openSafetensors } from "../runtime/formats/safetensors.ts";
import type { CheckpointWeights } from "../runtime/checkpoint_files.ts";
import { metaStateSpecs } from "../runtime/meta_state_tensors.ts";
import { packCheckpoint } from "../runtime/pack_checkpoint.ts";
import { openBytesSource } from "../runtime/sources/bytes_source.ts";
import { openFileSource } from "../runtime/sources/file_source.ts";
import type { WeightDtype } from "../runtime/tensor.ts";
import { MemorySink } from "./formats/memory_sink.ts";

async function openFixture(name: string): Promise<CheckpointWeights> {
  const folder = new URL(`fixtures/${name}/`, import.meta.url);
  return {
    configJson: await Deno.readTextFile(new URL("config.json", folder)),
    tokenizerJson: '{"model":{}}',
    tokenizerConfigJson: '{"chat_template":"{{ messages }}"}',
    generationConfigJson: null,
    tensors: await openSafetensors(await openFileSource(new URL("model.safetensors", folder))),
  };
}

async function pack(checkpoint: CheckpointWeights, dtype: WeightDtype): Promise<Uint8Array<ArrayBuffer>> {
  const sink = new MemorySink();
  await packCheckpoint(checkpoint, { dtype, name: "Tiny", sink });
  return await sink.bytes();
}

Deno.test("packCheckpoint keeps the published files verbatim and describes the model for other tools", async () => {
  const checkpoint = await openFixture("tiny-quant");
  const packed = await openGgufCheckpoint(openBytesSource("packed.gguf", await pack(checkpoint, "q8_0")));
  assertEquals(packed.configJson, checkpoint.configJson);
  assertEquals(packed.tokenizerJson, checkpoint.tokenizerJson);
  assertEquals(packed.tokenizerConfigJson, checkpoint.tokenizerConfigJson);
  assertEquals(packed.generationConfigJson, null);
  const value = (key: string): unknown => packed.tensors.metadata.get(key)?.value;
  assertEquals(value("general.architecture"), "hymba");
  assertEquals(value("general.name"), "Tiny");
  assertEquals(value("general.file_type"), 7);
  assertEquals(value("tokenizer.chat_template"), "{{ messages }}");
  assertEquals(value("hymba.block_count"), 4);
  assertEquals(value("hymba.embedding_length"), 128);
  assertEquals(value("hymba.attention.head_count_kv"), 2);
  assertEquals(value("hymba.ssm.inner_size"), 256);
  assertEquals(value("hymba.attention.layer_norm_rms_epsilon"), Math.fround(1e-6));
  await checkpoint.tensors.close();
});

Deno.test("packCheckpoint quantises the projections and the embedding and keeps the rest as published", async () => {
  const checkpoint = await openFixture("tiny-quant");
  const packed = await openGgufCheckpoint(openBytesSource("packed.gguf", await pack(checkpoint, "q4_0")));
  const quantised = /embed_tokens|in_proj|out_proj|gate_proj|up_proj|down_proj/;
  for (const [name, info] of checkpoint.tensors.tensors) {
    const dtype = packed.tensors.tensors.get(name)!.dtype;
    assertEquals(dtype, quantised.test(name) ? "q4_0" : info.dtype, name);
    if (dtype === "q4_0") continue;
    assertEquals(await packed.tensors.read(name), await checkpoint.tensors.read(name), name);
  }
  await checkpoint.tensors.close();
});

Deno.test("packCheckpoint keeps a matrix as published when its rows are no whole blocks", async () => {
  const checkpoint = await openFixture("tiny-pair"); // rows of 40, 56 and 80
  const packed = await openGgufCheckpoint(openBytesSource("packed.gguf", await pack(checkpoint, "q8_0")));
  for (const { dtype } of packed.tensors.tensors.values()) assertEquals(dtype, "f32");
  await checkpoint.tensors.close();
});

Deno.test("packCheckpoint puts the state behind the meta tokens after the weights, where openGgufCheckpoint tells them apart", async () => {
  const checkpoint = await openFixture("tiny-quant");
  const metaState = await computeMetaState(checkpoint, { dtype: "q4_0" });
  const sink = new MemorySink();
  await packCheckpoint(checkpoint, { dtype: "q4_0", name: "Tiny", metaState, sink });
  const packed = await openGgufCheckpoint(openBytesSource("packed.gguf", await sink.bytes()));
  const names = [...checkpoint.tensors.tensors.keys()];
  assertEquals([...packed.tensors.tensors.keys()], names);
  assertEquals(packed.metaState?.fingerprint, metaState?.fingerprint);
  const config = parseConfig(packed.configJson);
  assertEquals([...packed.metaState!.tensors.tensors.keys()], [...metaStateSpecs(config).keys()]);
  for (const [name, { shape }] of metaStateSpecs(config)) {
    assertEquals(packed.metaState!.tensors.tensors.get(name)!.shape, shape, name);
    assertEquals(await packed.metaState!.tensors.read(name), await metaState!.tensors.read(name), name);
  }
  // A packed file's weights are packed again without the state, unless it is given.
  const again = await openGgufCheckpoint(openBytesSource("again.gguf", await pack(packed, "q4_0")));
  assertEquals(again.metaState, null);
  assertEquals([...again.tensors.tensors.keys()], names);
  await checkpoint.tensors.close();
});

Deno.test("packCheckpoint refuses a config that is damaged or does not fit the tensors, and aborts the sink", async () => {
  const checkpoint = await openFixture("tiny-pair");
  const other = await openFixture("tiny-triple");
  const cases = [[{ ...checkpoint, configJson: "{" }, ConfigError], [{
    ...checkpoint,
    tokenizerConfigJson: "{",
  }, ConfigError], [
    { ...checkpoint, configJson: other.configJson },
    WeightsError,
  ]] as const;
  for (const [damaged, errorClass] of cases) {
    const sink = new MemorySink();
    const error = await assertRejects(
      () => packCheckpoint(damaged, { dtype: "q8_0", name: "Tiny", sink }),
      errorClass,
    );
    assert(sink.aborted === error);
  }
  await checkpoint.tensors.close();
  await other.tensors.close();
});

Deno.test("openGgufCheckpoint refuses GGUF files that are no packed Hymba checkpoint", async () => {
  const foreign = await openFileSource(new URL("fixtures/gguf/gguf_py.gguf", import.meta.url));
  await assertRejects(() => openGgufCheckpoint(foreign), WeightsError, 'it has no "hymba.config_json"');
  await foreign.close();
});
