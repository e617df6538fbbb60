import { assert, assertEquals, assertRejects } from "@std/assert";
import { type DataModule, openDataModules } from "../../models/stories/data_module.ts";
import { WeightsError } from "../../runtime/errors.ts";
import type { ByteSource } from "../../runtime/formats/byte_source.ts";
import { openBytesSource } from "../../runtime/sources/bytes_source.ts";
import { openFileSource } from "../../runtime/sources/file_source.ts";
import { wasmDataModule } from "../../scripts/wasm_data_module.ts";

const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);

Deno.test("openBytesSource gives views of the same memory", async () => {
  const source = openBytesSource("memory", bytes);
  const view = await source.read(10, 5);
  assertEquals([...view], [10, 11, 12, 13, 14]);
  assert(view.buffer === bytes.buffer);
});

/** `bytes`, cut at these places, in data modules. */
async function dataModules(cuts: readonly number[]): Promise<ByteSource> {
  const ends = [...cuts, bytes.length];
  const parts = ends.map(async (end, i) => {
    const part = bytes.subarray(i === 0 ? 0 : ends[i - 1], end);
    const { instance } = await WebAssembly.instantiate(wasmDataModule(part));
    return { data: instance.exports as unknown as DataModule, byteLength: part.length };
  });
  return openDataModules("parts", await Promise.all(parts));
}

Deno.test("openDataModules reads every range as if the modules were one file, into any buffer", async () => {
  for (const cuts of [[], [0], [1], [50], [99], [100], [0, 0, 30, 30, 31, 99, 100, 100]]) {
    const source = await dataModules(cuts);
    assertEquals(source.size, 100);
    for (let offset = 0; offset <= 100; offset += 7) {
      for (const length of [0, 1, 2, 20, 100 - offset]) {
        if (offset + length > 100) continue;
        const expected = bytes.subarray(offset, offset + length);
        assertEquals(await source.read(offset, length), expected);
        const into = new Uint8Array(length);
        assert(await source.read(offset, length, undefined, into) === into);
        assertEquals(into, expected);
      }
    }
  }
});

Deno.test("openDataModules gives bytes that later reads leave alone", async () => {
  const source = await dataModules([40]);
  const [first, second] = await Promise.all([source.read(50, 20), source.read(60, 30)]);
  assertEquals([first, second], [bytes.slice(50, 70), bytes.slice(60, 90)]);
});

Deno.test("openFileSource reads a local file by path and by URL", async () => {
  const url = new URL("../fixtures/tiny-pair/config.json", import.meta.url);
  const expected = await Deno.readFile(url);
  for (const path of [url, url.pathname]) {
    const source = await openFileSource(path);
    assertEquals(source.size, expected.length);
    assertEquals(await source.read(3, 50), expected.slice(3, 53));
    await source.close();
  }
});

Deno.test("openFileSource refuses what is missing or no file with a WeightsError", async () => {
  await assertRejects(
    () => openFileSource("no-such-file.gguf"),
    WeightsError,
    'Cannot open "no-such-file.gguf"',
  );
  const folder = new URL("../fixtures/", import.meta.url);
  await assertRejects(() => openFileSource(folder), WeightsError, "expected a");
});

Deno.test("openFileSource reports a file that shrinks while it is read", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, bytes);
  const source = await openFileSource(path);
  await Deno.truncate(path, 50);
  await assertRejects(() => source.read(0, 100), WeightsError, "it ends at byte 50");
  await source.close();
  await Deno.remove(path);
});

Deno.test("ByteSource.read refuses ranges outside the file and stops when aborted", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, bytes);
  const file = await openFileSource(path);
  for (const source of [openBytesSource("memory", bytes), await dataModules([]), file]) {
    for (
      const [offset, length] of [[0, 101], [101, 0], [-1, 1], [1, -1], [0.5, 1], [0, NaN], [2 ** 53, 2 ** 53]]
    ) {
      await assertRejects(() => source.read(offset, length), WeightsError, "Cannot read");
    }
    const reason = new Error("enough");
    assertEquals(await assertRejects(() => source.read(0, 10, AbortSignal.abort(reason))), reason);
  }
  await file.close();
  await Deno.remove(path);
});
