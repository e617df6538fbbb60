import { assert, assertEquals, assertRejects } from "@std/assert";
import { WeightsError } from "../../runtime/errors.ts";
import { openSafetensors } from "../../runtime/formats/safetensors.ts";
import { type SafetensorsEntry, writeSafetensors } from "../../runtime/formats/safetensors_writer.ts";
import { dequantize, quantize } from "../../runtime/formats/quantize.ts";
import { openBytesSource } from "../../runtime/sources/bytes_source.ts";
import { openFileSource } from "../../runtime/sources/file_source.ts";

const numbers = Float32Array.from([1, -2, 0.5, 3.25, -0, 1024]);

function sample(): Map<string, SafetensorsEntry> {
  return new Map([
    ["single", { dtype: "f32", shape: [2, 3], data: quantize("f32", numbers) }],
    ["half", { dtype: "f16", shape: [6], data: quantize("f16", numbers) }],
    ["brain", { dtype: "bf16", shape: [3, 1, 2], data: quantize("bf16", numbers) }],
    ["scalar", { dtype: "f32", shape: [], data: quantize("f32", numbers.subarray(0, 1)) }],
    ["nothing", { dtype: "f32", shape: [0, 4], data: new Uint8Array(0) }],
  ]);
}

/** A safetensors file with this header text and `dataBytes` zero bytes behind it. */
function fileOf(header: string, dataBytes: number): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + json.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  return file;
}

const open = (bytes: Uint8Array<ArrayBuffer>) => openSafetensors(openBytesSource("test.safetensors", bytes));

Deno.test("openSafetensors reads back what writeSafetensors wrote", async () => {
  const file = await open(writeSafetensors(sample(), { format: "pt" }));
  assertEquals([...file.tensors.keys()].sort(), [...sample().keys()].sort());
  for (const [name, { dtype, shape, data }] of sample()) {
    const info = file.tensors.get(name)!;
    assertEquals([info.dtype, info.shape, info.byteLength], [dtype, shape, data.length]);
    const read = await file.read(name);
    assertEquals(read, data);
    assertEquals(dequantize(dtype, read).length, shape.reduce((a, b) => a * b, 1));
  }
});

Deno.test("openSafetensors reads the fixtures tensor by tensor in file order", async () => {
  const source = await openFileSource(new URL("../fixtures/tiny-bf16/model.safetensors", import.meta.url));
  const file = await openSafetensors(source);
  let total = 0;
  for (const [name, info] of file.tensors) {
    assertEquals((await file.read(name)).length, info.byteLength);
    total += info.byteLength;
  }
  assertEquals(file.tensors.get("model.embed_tokens.weight")!.shape, [96, 64]);
  const header = new DataView((await source.read(0, 8)).buffer).getUint32(0, true);
  assertEquals(total, source.size - 8 - header);
  await file.close();
});

Deno.test("openSafetensors reads slices and refuses ones outside the tensor or off its elements", async () => {
  const file = await open(writeSafetensors(sample()));
  assertEquals(await file.readSlice("single", 4, 8), quantize("f32", numbers.subarray(1, 3)));
  for (const [start, length] of [[0, 25], [24, 4], [-4, 4], [2, 4], [0, 3], [0, NaN]]) {
    await assertRejects(
      () => file.readSlice("single", start, length),
      WeightsError,
      'Cannot read tensor "single"',
    );
  }
  await assertRejects(() => file.read("other"), WeightsError, "it is missing");
});

Deno.test("TensorFile.read refuses NaN and infinity and names the element", async () => {
  for (
    const [dtype, bits] of [["f32", [0, 0, 0xc0, 0x7f]], ["f16", [0, 0x7c]], ["bf16", [0x80, 0xff]]] as const
  ) {
    const data = quantize(dtype, new Float32Array(6));
    data.set(bits, 3 * bits.length);
    const file = await open(writeSafetensors(new Map([["w", { dtype, shape: [6], data }]])));
    await assertRejects(() => file.read("w"), WeightsError, "element 3 of 6 is NaN or infinite");
    const start = 2 * bits.length;
    await assertRejects(() => file.readSlice("w", start, start), WeightsError, "element 3 of 6 is NaN");
    assertEquals((await file.readSlice("w", 0, start)).length, start);
  }
});

Deno.test("openSafetensors refuses every breach of the format and says which", async () => {
  const entry = (changes: Record<string, unknown>): string =>
    JSON.stringify({ w: { dtype: "F32", shape: [2], data_offsets: [0, 8], ...changes } });
  const cases: [string, number, string][] = [
    ["", 0, "8 bytes, expected at least 10"],
    ["[]", 0, "does not begin with"],
    [" {}", 0, "does not begin with"],
    ["{", 1, "not valid JSON"],
    ['{"w":1}', 0, 'tensor "w": its entry is no object'],
    ['{"w":null}', 0, 'tensor "w": its entry is no object'],
    [entry({ dtype: "F64" }), 8, 'dtype is "F64"'],
    [entry({ dtype: "I8" }), 8, 'dtype is "I8"'],
    [entry({ dtype: ["F32"] }), 8, 'dtype is ["F32"]'],
    [entry({ dtype: "__proto__" }), 8, "dtype is"],
    [entry({ shape: 2 }), 8, "shape is 2"],
    [entry({ shape: [-2] }), 8, "shape is [-2]"],
    [entry({ shape: [2.5] }), 8, "shape is [2.5]"],
    [entry({ shape: ["2"] }), 8, 'shape is ["2"]'],
    [entry({ shape: [2 ** 53] }), 8, "shape is"],
    [entry({ shape: [2 ** 40, 2 ** 40] }), 8, "expected NaN"],
    [entry({ shape: [3] }), 8, "takes 8 bytes, expected 12"],
    [entry({ shape: undefined }), 8, "shape is undefined"],
    [entry({ data_offsets: [0] }), 8, "data_offsets are [0]"],
    [entry({ data_offsets: [8, 0] }), 8, "takes -8 bytes"],
    [entry({ data_offsets: [-4, 4] }), 8, "data_offsets are [-4,4]"],
    [entry({ data_offsets: [4, 12] }), 12, "leaves a gap"],
    [entry({}), 7, "expected"],
    [entry({}), 9, "expected"],
    [
      '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}',
      12,
      "overlaps",
    ],
    [
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
      4,
      'key "a" twice',
    ],
    ['{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4, 'key "dtype" twice'],
    [
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061" :{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
      4,
      'key "a" twice',
    ],
    ['{"__metadata__":{"format":1}}', 0, "__metadata__"],
    ['{"__metadata__":[]}', 0, "__metadata__"],
    ['{"__proto__":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}', 8, "not valid JSON"],
  ];
  for (const [header, dataBytes, message] of cases) {
    await assertRejects(() => open(fileOf(header, dataBytes)), WeightsError, message);
  }
  const invalid = fileOf('{"wx":1}', 0);
  invalid[10] = 0xff;
  await assertRejects(() => open(invalid), WeightsError, "not valid UTF-8");
});

Deno.test("openSafetensors refuses a header length beyond the file without reading it", async () => {
  const file = writeSafetensors(sample());
  for (
    const length of [BigInt(file.length - 7), 2n ** 24n + 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]
  ) {
    const lying = file.slice();
    new DataView(lying.buffer).setBigUint64(0, length, true);
    await assertRejects(() => open(lying), WeightsError, `claims ${length} bytes`);
  }
});

Deno.test("openSafetensors accepts tensor names that are special in JavaScript", async () => {
  const header = '{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},' +
    '"constructor":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}';
  const file = await open(fileOf(header, 8));
  assertEquals([...file.tensors.keys()], ["__proto__", "constructor"]);
  assert((await file.read("__proto__")).length === 4);
});
