import { assert, assertEquals, assertRejects } from "@std/assert";
import { WeightsError } from "../../runtime/errors.ts";
import { openGguf } from "../../runtime/formats/gguf.ts";
import type { GgufValue } from "../../runtime/formats/gguf_format.ts";
import type { GgufTensor } from "../../runtime/formats/gguf_header.ts";
import { type GgufWriteProgress, writeGguf } from "../../runtime/formats/gguf_writer.ts";
import { dequantize, quantize } from "../../runtime/formats/quantize.ts";
import { openBytesSource } from "../../runtime/sources/bytes_source.ts";
import { openFileSource } from "../../runtime/sources/file_source.ts";
import { QUANTIZED_DTYPES, WEIGHT_DTYPES } from "../../runtime/tensor.ts";
import { MemorySink } from "./memory_sink.ts";

const fixture = new URL("../fixtures/gguf/gguf_py.gguf", import.meta.url);
const ROWS = 48;
const COLUMNS = 64;

/** The numbers that gguf_python.py makes. */
function fixtureNumbers(): Float32Array {
  const numbers = new Float32Array(ROWS * COLUMNS);
  for (let column = 0; column < COLUMNS; column++) numbers[COLUMNS + column] = (column % 32 - 16) / 2;
  let state = 12345;
  for (let i = 2 * COLUMNS; i < numbers.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    numbers[i] = ((state >>> 8) - 2 ** 23) * 2 ** (Math.floor(i / COLUMNS) - 33 - 23);
  }
  return numbers;
}

/** A GGUF file of these tensors, each filled with the bytes of `data`. */
async function write(
  metadata: [string, GgufValue][],
  tensors: GgufTensor[],
  data: (tensor: GgufTensor) => Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const sink = new MemorySink();
  await writeGguf({ metadata: new Map(metadata), tensors, read: (tensor) => [data(tensor)], sink });
  assert(sink.closed);
  return await sink.bytes();
}

const open = (bytes: Uint8Array<ArrayBuffer>) => openGguf(openBytesSource("test.gguf", bytes));

Deno.test("openGguf reads the metadata that gguf-py 0.19.0 wrote, of every type", async () => {
  const file = await openGguf(await openFileSource(fixture));
  const entries = Object.fromEntries(file.metadata);
  assertEquals(entries["general.architecture"], { type: "string", value: "hymba" });
  assertEquals(entries["general.name"], { type: "string", value: "made by gguf-py ✓" });
  assertEquals(entries["test.uint8"], { type: "u8", value: 255 });
  assertEquals(entries["test.int8"], { type: "i8", value: 127 });
  assertEquals(entries["test.uint16"], { type: "u16", value: 65535 });
  assertEquals(entries["test.int16"], { type: "i16", value: 32767 });
  assertEquals(entries["test.uint32"], { type: "u32", value: 2 ** 32 - 1 });
  assertEquals(entries["test.int32"], { type: "i32", value: 2 ** 31 - 1 });
  assertEquals(entries["test.negative"], { type: "i32", value: -(2 ** 31) });
  assertEquals(entries["test.uint64"], { type: "u64", value: 2n ** 64n - 1n });
  assertEquals(entries["test.int64"], { type: "i64", value: 2n ** 63n - 1n });
  assertEquals(entries["test.float32"], { type: "f32", value: Math.fround(0.1) });
  assertEquals(entries["test.float64"], { type: "f64", value: 0.1 });
  assertEquals(entries["test.bool"], { type: "bool", value: true });
  assertEquals(entries["test.strings"], { type: "array", element: "string", value: ["a", "", "ä水"] });
  assertEquals(entries["test.integers"], { type: "array", element: "i32", value: Int32Array.of(1, -2, 3) });
  assertEquals(entries["test.floats"], { type: "array", element: "f32", value: Float32Array.of(0.5, -1.5) });
  assertEquals(entries["test.bools"], { type: "array", element: "bool", value: Uint8Array.of(1, 0) });
  await file.close();
});

Deno.test("openGguf gives shapes with the outermost dimension first", async () => {
  const file = await openGguf(await openFileSource(fixture));
  assertEquals(file.tensors.get("q4_0")!.shape, [ROWS, COLUMNS]);
  assertEquals(file.tensors.get("vector")!.shape, [5]);
  assertEquals(file.tensors.get("cube")!.shape, [2, 3, 4]);
  assertEquals(dequantize("f16", await file.read("cube")), Float32Array.from({ length: 24 }, (_, i) => i));
  await file.close();
});

Deno.test("quantize makes the very bytes, and dequantize the very numbers, that gguf-py 0.19.0 makes", async () => {
  const file = await openGguf(await openFileSource(fixture));
  const numbers = fixtureNumbers();
  for (const dtype of WEIGHT_DTYPES) {
    const theirs = await file.read(dtype);
    assertEquals(file.tensors.get(dtype)!.dtype, dtype);
    if (dtype !== "iq4_nl") assertEquals(quantize(dtype, numbers), theirs, dtype); // gguf-py does not quantise it
    const expected = dequantize("f32", await file.read(`${dtype}.numbers`));
    const bits = (values: Float32Array<ArrayBuffer>): Uint32Array => new Uint32Array(values.buffer);
    assertEquals(bits(dequantize(dtype, theirs)), bits(expected), dtype);
  }
  await file.close();
});

Deno.test("writeGguf writes what openGguf reads back: metadata of every type, tensors of every dtype", async () => {
  const metadata: [string, GgufValue][] = [
    ["general.alignment", { type: "u32", value: 64 }],
    ["u8", { type: "u8", value: 255 }],
    ["i8", { type: "i8", value: -128 }],
    ["u16", { type: "u16", value: 65535 }],
    ["i16", { type: "i16", value: -32768 }],
    ["u32", { type: "u32", value: 2 ** 32 - 1 }],
    ["i32", { type: "i32", value: -1 }],
    ["u64", { type: "u64", value: 2n ** 64n - 1n }],
    ["i64", { type: "i64", value: -(2n ** 63n) }],
    ["f32", { type: "f32", value: 0.5 }],
    ["f64", { type: "f64", value: 1e-300 }],
    ["true", { type: "bool", value: true }],
    ["false", { type: "bool", value: false }],
    ["text", { type: "string", value: "ä".repeat(100_000) }],
    ["texts", { type: "array", element: "string", value: ["", "水"] }],
    ["none", { type: "array", element: "string", value: [] }],
    ["numbers", { type: "array", element: "u64", value: BigUint64Array.of(1n, 2n ** 63n) }],
    ["bools", { type: "array", element: "bool", value: Uint8Array.of(0, 1) }],
  ];
  const numbers = fixtureNumbers();
  const tensors: GgufTensor[] = WEIGHT_DTYPES.map((dtype) => ({
    name: `t.${dtype}`,
    dtype,
    shape: [ROWS, COLUMNS],
  }));
  tensors.push({ name: "one", dtype: "f32", shape: [] }, { name: "none", dtype: "f32", shape: [0] });
  const data = ({ dtype, shape }: GgufTensor) =>
    quantize(dtype, numbers.subarray(0, shape.reduce((a, b) => a * b, 1)));
  const bytes = await write(metadata, tensors, data);
  assertEquals(bytes.length % 64, 0);
  const file = await open(bytes);
  assertEquals([...file.metadata], metadata);
  assertEquals([...file.tensors.keys()], tensors.map(({ name }) => name));
  for (const tensor of tensors) {
    assertEquals(file.tensors.get(tensor.name)!.shape, tensor.shape);
    assertEquals(await file.read(tensor.name), data(tensor));
  }
  assertEquals(await write(metadata, tensors, data), bytes);
});

Deno.test("openGguf takes a file with or without the last padding, and nothing else behind its data", async () => {
  const bytes = await write(
    [],
    [{ name: "w", dtype: "f32", shape: [3] }],
    () => quantize("f32", Float32Array.of(1, 2, 3)),
  );
  for (const length of [bytes.length, bytes.length - 20]) {
    assertEquals((await open(bytes.slice(0, length))).tensors.size, 1);
  }
  await assertRejects(() => open(bytes.slice(0, bytes.length - 21)), WeightsError, "bytes, expected");
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  await assertRejects(() => open(longer), WeightsError, "bytes, expected");
});

Deno.test("TensorFile.read refuses a block whose scale is NaN or infinite and names it", async () => {
  for (const dtype of QUANTIZED_DTYPES) {
    const data = quantize(dtype, new Float32Array(128));
    const block = data.length / 4;
    data.set([0xff, 0x7f], 2 * block);
    const file = await open(await write([], [{ name: "w", dtype, shape: [2, 64] }], () => data));
    await assertRejects(
      () => file.read("w"),
      WeightsError,
      "the scale of the block at element 64 of 128 is NaN",
    );
    await assertRejects(() => file.readSlice("w", block, 2 * block), WeightsError, "element 64 of 128");
    assertEquals((await file.readSlice("w", 3 * block, block)).length, block);
    await assertRejects(() => file.readSlice("w", 1, block), WeightsError, "expected whole blocks");
  }
});

Deno.test("writeGguf refuses what ggml would not read, and aborts the sink", async () => {
  const tensor = (changes: Partial<GgufTensor>): GgufTensor => ({
    name: "w",
    dtype: "q8_0",
    shape: [32],
    ...changes,
  });
  const alignment = (value: GgufValue): [string, GgufValue][] => [["general.alignment", value]];
  const cases: [[string, GgufValue][], GgufTensor[], string][] = [
    [[], [tensor({ name: "" })], "has 0 bytes"],
    [[], [tensor({ name: "ä".repeat(32) })], "has 64 bytes"],
    [[], [tensor({}), tensor({})], "there twice"],
    [[], [tensor({ shape: [32, 40] })], "rows of 40"],
    [[], [tensor({ shape: [] })], "rows of 1"],
    [[], [tensor({ shape: [1, 1, 1, 1, 32] })], "5 dimensions"],
    [[["", { type: "bool", value: true }]], [], "has 0 bytes"],
    [alignment({ type: "u32", value: 0 }), [], "power of two"],
    [alignment({ type: "u32", value: 48 }), [], "power of two"],
    [alignment({ type: "u64", value: 32n }), [], "power of two"],
    [[], [tensor({ shape: [64] })], "34 bytes, expected 68"],
  ];
  for (const [metadata, tensors, message] of cases) {
    const sink = new MemorySink();
    const read = () => [quantize("q8_0", new Float32Array(32))];
    const error = await assertRejects(
      () => writeGguf({ metadata: new Map(metadata), tensors, read, sink }),
      WeightsError,
      message,
    );
    assertEquals(sink.aborted, error);
    assert(!sink.closed);
  }
});

Deno.test("writeGguf reports its progress in bytes and stops when aborted", async () => {
  const tensors: GgufTensor[] = [{ name: "a", dtype: "f32", shape: [3] }, {
    name: "b",
    dtype: "f32",
    shape: [8],
  }];
  const read = ({ shape }: GgufTensor) => [new Uint8Array(4), new Uint8Array(4 * (shape[0] - 1))];
  const seen: GgufWriteProgress[] = [];
  const onProgress = (progress: GgufWriteProgress): void => void seen.push(progress);
  const sink = new MemorySink();
  const size = await writeGguf({ metadata: new Map(), tensors, read, sink, onProgress });
  assertEquals((await sink.bytes()).length, size);
  assertEquals(seen.map(({ tensor }) => tensor), ["", "a", "a", "a", "b", "b"]);
  assert(seen.every(({ totalBytes }) => totalBytes === size));
  assertEquals(seen.at(-1)!.writtenBytes, size);
  const abort = new AbortController();
  const reason = new Error("enough");
  const aborted = new MemorySink();
  const writing = writeGguf({
    metadata: new Map(),
    tensors,
    read,
    sink: aborted,
    signal: abort.signal,
    onProgress: () => abort.abort(reason),
  });
  assertEquals(await assertRejects(() => writing), reason);
  assertEquals(aborted.aborted, reason);
});
