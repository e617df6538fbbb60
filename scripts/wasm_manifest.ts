/**
 * What `wasm/pkg/` was built from: one `sha256  path` line for each source and each built file, in the format of
 * `sha256sum`. The build writes it last; `deno task ok` compares it with the files that are there.
 */

/** Where the manifest stands, from the repository's root. */
export const MANIFEST = "wasm/pkg/SOURCES.sha256";

/** Files beside the Rust sources that decide what is built, from the repository's root. */
const BUILD_FILES = [
  "scripts/build_wasm.ts",
  "scripts/wasm_package.ts",
  "scripts/wasm_variant.ts",
  "wasm/Cargo.lock",
  "wasm/Cargo.toml",
  "wasm/toolchain.sh",
];

/** The lines of the manifest for the sources under `root` and the built files under `pkg`, sorted by path. */
export async function manifestLines(root: URL, pkg: URL): Promise<string[]> {
  const sources = [...BUILD_FILES, ...await filesUnder(new URL("wasm/src/", root), "wasm/src/")];
  const built = await filesUnder(pkg, "wasm/pkg/");
  const lines = [
    ...sources.map(async (path) => `${await sha256(new URL(path, root))}  ${path}`),
    ...built.filter((path) => path !== MANIFEST).map(async (path) =>
      `${await sha256(new URL(path.slice("wasm/pkg/".length), pkg))}  ${path}`
    ),
  ];
  return (await Promise.all(lines)).sort((a, b) => a.slice(64) < b.slice(64) ? -1 : 1);
}

async function filesUnder(folder: URL, prefix: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) {
      paths.push(...await filesUnder(new URL(`${entry.name}/`, folder), `${prefix}${entry.name}/`));
    } else paths.push(prefix + entry.name);
  }
  return paths;
}

async function sha256(file: URL): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(file));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
