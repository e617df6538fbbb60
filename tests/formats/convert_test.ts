import { assert, assertEquals, assertRejects } from "@std/assert";
import { WeightsError } from "../../runtime/errors.ts";
import type { ByteSource } from "../../runtime/formats/byte_source.ts";
import { convertTensors, writeTensors } from "../../runtime/formats/convert.ts";
import { openGguf } from "../../runtime/formats/gguf.ts";
import type { GgufWriteProgress } from "../../runtime/formats/gguf_writer.ts";
import { dequantize, quantize } from "../../runtime/formats/quantize.ts";
import { openSafetensors } from "../../runtime/formats/safetensors.ts";
import { writeSafetensors } from "../../runtime/formats/safetensors_writer.ts";
import type { TensorFile } from "../../runtime/formats/tensor_file.ts";
import { openBytesSource } from "../../runtime/sources/bytes_source.ts";
import { WEIGHT_DTYPES, type WeightDtype } from "../../runtime/tensor.ts";
import { MemorySink } from "./memory_sink.ts";

/** 2.5 slices of bf16 numbers in rows of 1600, and a small vector; `reads` collects the length of every read. */
async function bigCheckpoint(reads: number[] = []): Promise<TensorFile> {
  const shape = [1638, 1600];
  const numbers = new Float32Array(shape[0] * shape[1]).map((_, i) => ((i * 7919) % 10007 - 5000) / 512);
  const source = openBytesSource(
    "big.safetensors",
    writeSafetensors(
      new Map([
        ["matrix", { dtype: "bf16", shape, data: quantize("bf16", numbers) }],
        ["vector", { dtype: "f32", shape: [5], data: quantize("f32", numbers.subarray(0, 5)) }],
      ]),
    ),
  );
  const counted: ByteSource = {
    ...source,
    read: (offset, length, signal) => {
      reads.push(length);
      return source.read(offset, length, signal);
    },
  };
  return await openSafetensors(counted);
}

Deno.test("convertTensors converts slice by slice to what converting whole tensors gives", async () => {
  const files = await bigCheckpoint();
  const numbers = dequantize("bf16", await files.read("matrix"));
  for (const dtype of WEIGHT_DTYPES) {
    const sink = new MemorySink();
    const dtypeOf = ({ name }: { name: string }): WeightDtype => name === "matrix" ? dtype : "f32";
    const size = await writeTensors({ files: convertTensors(files, dtypeOf), metadata: new Map(), sink });
    const bytes = await sink.bytes();
    assertEquals(bytes.length, size);
    const packed = await openGguf(openBytesSource("packed.gguf", bytes));
    assertEquals([...packed.tensors.keys()], ["matrix", "vector"]);
    assertEquals(packed.tensors.get("matrix")!.shape, [1638, 1600]);
    assertEquals(await packed.read("matrix"), quantize(dtype, numbers));
    assertEquals(await packed.read("vector"), await files.read("vector"));
  }
});

Deno.test("writeTensors reads and writes at most a slice of 2^20 elements at once", async () => {
  const reads: number[] = [];
  const files = await bigCheckpoint(reads);
  const sink = new MemorySink();
  await writeTensors({ files: convertTensors(files, () => "f32"), metadata: new Map(), sink });
  assertEquals(Math.max(...reads), 2 * 2 ** 20);
  assertEquals(sink.longestPiece, 4 * 2 ** 20);
});

Deno.test("writeTensors reports progress and stops when aborted, aborting the sink", async () => {
  const files = await bigCheckpoint();
  const seen: GgufWriteProgress[] = [];
  const abort = new AbortController();
  const reason = new Error("enough");
  const sink = new MemorySink();
  const converting = writeTensors({
    files: convertTensors(files, () => "f16"),
    metadata: new Map(),
    sink,
    signal: abort.signal,
    onProgress: (progress) => {
      seen.push(progress);
      if (seen.length === 3) abort.abort(reason);
    },
  });
  assertEquals(await assertRejects(() => converting), reason);
  assertEquals(sink.aborted, reason);
  assertEquals(seen.map(({ tensor }) => tensor), ["", "matrix", "matrix"]);
  assertEquals(seen[2].writtenBytes - seen[0].writtenBytes, 2 * 2 * 2 ** 20);
});

Deno.test("writeTensors aborts the sink when a dtype does not fit", async () => {
  const files = convertTensors(await bigCheckpoint(), () => "q4_0");
  const sink = new MemorySink();
  const error = await assertRejects(
    () => writeTensors({ files, metadata: new Map(), sink }),
    WeightsError,
    '"vector" has rows of 5, expected whole q4_0 blocks of 32',
  );
  assertEquals(sink.aborted, error);
  assertEquals((await sink.bytes()).length, 0);
});

Deno.test("convertTensors names the tensor and the element that does not fit its dtype", async () => {
  const data = new Float32Array(2 ** 20 + 64);
  data[2 ** 20 + 7] = 1e6;
  const bytes = writeSafetensors(
    new Map([["w", { dtype: "f32", shape: [data.length], data: quantize("f32", data) }]]),
  );
  const files = await openSafetensors(openBytesSource("w.safetensors", bytes));
  const sink = new MemorySink();
  const error = await assertRejects(
    () => writeTensors({ files: convertTensors(files, () => "f16"), metadata: new Map(), sink }),
    WeightsError,
    'Cannot quantise "w": element 1048583 is 1000000',
  );
  assert(sink.aborted === error);
});
