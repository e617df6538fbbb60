/** @file A process that downloads `big.bin` of the fake hub into a folder and prints its SHA-256: for processes that die or race. */
import { createHash } from "node:crypto";
import { FolderModelCache } from "../../runtime/cache/folder_cache.ts";
import { openHub } from "../../runtime/hub/open_hub.ts";

if (import.meta.main) {
  const [endpoint, folder] = Deno.args;
  const cache = await FolderModelCache.open(folder);
  const open = await openHub({ repo: "org/model", file: null, revision: "main" }, { endpoint, cache });
  const source = await open("big.bin");
  const bytes = await source.read(0, source.size);
  console.log(createHash("sha256").update(bytes).digest("hex"));
}
