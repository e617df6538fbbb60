import { assertEquals, assertRejects } from "@std/assert";
import { WeightsError } from "../../runtime/errors.ts";
import type { ByteSource } from "../../runtime/formats/byte_source.ts";
import { quantize } from "../../runtime/formats/quantize.ts";
import { writeSafetensors } from "../../runtime/formats/safetensors_writer.ts";
import { openShardedSafetensors } from "../../runtime/formats/sharded_safetensors.ts";
import type { TensorFile } from "../../runtime/formats/tensor_file.ts";
import { openBytesSource } from "../../runtime/sources/bytes_source.ts";

type Shards = Record<string, Record<string, number[]>>;

const shards: Shards = { "1.safetensors": { a: [1, 2], b: [3] }, "2.safetensors": { c: [4, 5, 6] } };
const weightMap = { a: "1.safetensors", b: "1.safetensors", c: "2.safetensors" };

/** Opens a checkpoint of these shards; `opened` counts the files that are open. */
async function open(index: string, files: Shards, opened = { count: 0 }): Promise<TensorFile> {
  const openShard = (name: string): Promise<ByteSource> => {
    const tensors = files[name];
    if (!tensors) return Promise.reject(new WeightsError(`Cannot open "${name}"`, "remedy"));
    const entries = Object.entries(tensors).map(([tensor, numbers]) =>
      [
        tensor,
        { dtype: "f32", shape: [numbers.length], data: quantize("f32", Float32Array.from(numbers)) },
      ] as const
    );
    const source = openBytesSource(name, writeSafetensors(new Map(entries)));
    opened.count++;
    return Promise.resolve({
      ...source,
      close: () => {
        opened.count--;
        return source.close();
      },
    });
  };
  return await openShardedSafetensors("index.json", new TextEncoder().encode(index), openShard);
}

Deno.test("openShardedSafetensors shows all shards as one file and closes them all", async () => {
  const opened = { count: 0 };
  const index = JSON.stringify({ metadata: { total_size: 24 }, weight_map: weightMap });
  const file = await open(index, shards, opened);
  assertEquals([...file.tensors.keys()], ["a", "b", "c"]);
  assertEquals(await file.read("c"), quantize("f32", Float32Array.of(4, 5, 6)));
  assertEquals(await file.readSlice("c", 4, 4), quantize("f32", Float32Array.of(5)));
  await assertRejects(() => file.read("d"), WeightsError, 'tensor "d" of "index.json": it is missing');
  assertEquals(opened.count, 2);
  await file.close();
  assertEquals(opened.count, 0);
});

Deno.test("openShardedSafetensors refuses an index that does not agree with its shards, leaving nothing open", async () => {
  const map = (changes: Record<string, unknown>): string =>
    JSON.stringify({ weight_map: { ...weightMap, ...changes } });
  const cases: [string, Shards, string][] = [
    ["", shards, "not valid JSON"],
    ["[]", shards, 'no "weight_map"'],
    ["{}", shards, 'no "weight_map"'],
    ['{"weight_map":[]}', shards, 'no "weight_map"'],
    ['{"weight_map":{}}', shards, "is empty"],
    ['{"weight_map":{"a":"1.safetensors","a":"2.safetensors"}}', shards, 'key "a" twice'],
    [map({ a: 1 }), shards, 'tensor "a" is said to be in 1'],
    [map({ a: "" }), shards, "expected a file name"],
    [map({ a: ".." }), shards, "expected a file name"],
    [map({ a: "../1.safetensors" }), shards, "expected a file name"],
    [map({ a: "/etc/passwd" }), shards, "expected a file name"],
    [map({ a: "c:\\x" }), shards, "expected a file name"],
    [map({ a: "https://host/x" }), shards, "expected a file name"],
    [map({ a: "x\0" }), shards, "expected a file name"],
    [map({ a: "3.safetensors" }), shards, 'Cannot open "3.safetensors"'],
    [map({ a: "2.safetensors" }), shards, 'tensor "a" is in "1.safetensors", expected "2.safetensors"'],
    [map({ d: "2.safetensors" }), shards, 'tensor "d" is missing'],
    [map({ c: undefined, d: "2.safetensors" }), shards, 'tensor "c" is in "2.safetensors"'],
    [map({}), { ...shards, "2.safetensors": { c: [1], a: [1] } }, 'tensor "a" is in two shards'],
    [map({}), { ...shards, "2.safetensors": { c: [1], d: [1] } }, 'tensor "d" is in "2.safetensors"'],
  ];
  for (const [index, files, message] of cases) {
    const opened = { count: 0 };
    await assertRejects(() => open(index, files, opened), WeightsError, message);
    assertEquals(opened.count, 0, index);
  }
});
