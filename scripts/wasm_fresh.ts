/** Tells whether `wasm/pkg/` was built from the sources that are here, and is as it was built: compares SHA-256 hashes. */
import { MANIFEST, manifestLines } from "./wasm_manifest.ts";

const root = new URL("../", import.meta.url);
const recorded = (await Deno.readTextFile(new URL(MANIFEST, root))).trimEnd().split("\n");
const present = await manifestLines(root, new URL("wasm/pkg/", root));
const pathOf = (line: string): string => line.slice(64).trim();
const changed = new Set([
  ...recorded.filter((line) => !present.includes(line)).map(pathOf),
  ...present.filter((line) => !recorded.includes(line)).map(pathOf),
]);
if (changed.size > 0) {
  console.error(`wasm/pkg is stale: run \`deno task build:wasm\`; changed since it was built:`);
  for (const path of [...changed].sort()) console.error(`  ${path}`);
  Deno.exit(1);
}
