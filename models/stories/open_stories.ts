/** @file The default model's packed file, which ships with this module in parts. */
import type { ByteSource } from "../../runtime/formats/byte_source.ts";
import { openPartsSource } from "../../runtime/sources/parts_source.ts";
import { PARTS } from "./parts.ts";

/** The exports of a data module: its memory begins with the data. */
export interface DataModule {
  readonly memory: WebAssembly.Memory;
}

/** The default model as one packed GGUF file. In Deno it comes with the module graph and needs no permission. */
export async function openStories(): Promise<ByteSource> {
  const modules = await Promise.all(
    PARTS.map(({ importModule, fileName }) => openPart(importModule, fileName)),
  );
  const parts = modules.map(({ memory }, i) =>
    new Uint8Array(memory.buffer as ArrayBuffer, 0, PARTS[i].byteLength)
  );
  return openPartsSource("stories.gguf", parts);
}

/** Imports a data module where the platform can (Deno), else fetches and instantiates it. */
async function openPart(importModule: () => Promise<DataModule>, fileName: string): Promise<DataModule> {
  if ("Deno" in globalThis) return await importModule();
  const bytes = await readBeside(new URL(fileName, import.meta.url));
  const { instance } = await WebAssembly.instantiate(bytes);
  return instance.exports as unknown as DataModule;
}

async function readBeside(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  if (url.protocol !== "file:") return new Uint8Array(await (await fetch(url)).arrayBuffer());
  const { readFile } = await import("node:fs/promises");
  return new Uint8Array(await readFile(url));
}
