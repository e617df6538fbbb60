/** @file The default model's packed file, which ships with this module in parts. */
import type { ByteSource } from "../../runtime/formats/byte_source.ts";
import { request } from "../../runtime/sources/http.ts";
import { type DataModule, openDataModules } from "./data_module.ts";
import { PART_MODULES } from "./part_modules.ts";
import { PARTS } from "./parts.ts";

export { STORIES_HASH } from "./parts.ts";

/** The default model as one packed GGUF file. In Deno it comes with the module graph and needs no permission. */
export async function openStories(): Promise<ByteSource> {
  const modules = await Promise.all(PARTS.map(({ url }, i) => PART_MODULES?.[i]() ?? readModule(url())));
  return openDataModules(
    "stories.gguf",
    modules.map((data, i) => ({ data, byteLength: PARTS[i].byteLength })),
  );
}

async function readModule(url: URL): Promise<DataModule> {
  const { instance } = await WebAssembly.instantiate(await readFile(url));
  return instance.exports as unknown as DataModule;
}

async function readFile(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  if (url.protocol !== "file:") return new Uint8Array(await (await request(url, {})).arrayBuffer());
  const { readFile } = await import("node:fs/promises");
  return new Uint8Array(await readFile(url));
}
