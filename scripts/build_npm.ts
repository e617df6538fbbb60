/**
 * @file Builds the npm package: `deno task build:npm [--out FOLDER]`. One module for Node, Bun and bundlers, one for workerd, one
 * self-contained for browsers, the weights, and types.
 */
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import config from "../deno.json" with { type: "json" };
import { PARTS } from "../models/stories/parts.ts";
import { bundle, closeBundler, NO_HUB, NO_NODE } from "./bundle.ts";

const ROOT = new URL("../", import.meta.url);

/** Takes the place of models/stories/part_modules.ts where the parts are files. */
const PARTS_ARE_FILES = "export const PART_MODULES = null;";

/** Takes its place in workerd, which compiles nothing, but imports compiled modules. */
const PARTS_ARE_COMPILED = `
${PARTS.map((_, i) => `import part${i} from "./stories_${i}.wasm";`).join("\n")}
const instantiate = (part) => async () => (await WebAssembly.instantiate(part)).exports;
export const PART_MODULES = [${PARTS.map((_, i) => `part${i}`).join(", ")}].map(instantiate);
`;

/** The module for workerd: as mod.ts, with the kernels given. */
const WORKERD = `
import kernels from "./kernels.wasm";
import { loadModel as load } from "./mod.ts";
export * from "./mod.ts";
export function loadModel(source, options = {}) {
  const { backend = "auto" } = options;
  const takesWasm = backend === "auto" || backend === "wasm";
  return load(source, { ...options, backend: takesWasm ? { kind: "wasm", module: kernels } : backend });
}
`;

/** Takes the place of the bytes of a WebAssembly build, where none may be compiled. */
const NO_BYTES = `export function wasmBytes() { throw new Error("WebAssembly cannot be compiled here"); }`;

const CLI = `
import process from "node:process";
import { main } from "./cli/main.ts";
process.exit(await main(process.argv.slice(2)));
`;

const STORIES = "models/stories/part_modules.ts";

/** Name -> text of every JavaScript file, and the packages that have to be installed with them. */
async function scripts(): Promise<{ files: Map<string, string>; packages: readonly string[] }> {
  const main = await bundle({
    entries: { mod: "mod.ts", server: "server/mod.ts", hymba: { text: CLI } },
    replacements: { [STORIES]: PARTS_ARE_FILES },
    keepsPackages: true,
  });
  const workerd = await bundle({
    entries: { workerd: { text: WORKERD } },
    replacements: {
      [STORIES]: PARTS_ARE_COMPILED,
      "wasm/pkg/relaxed.ts": NO_BYTES,
      "wasm/pkg/simd128.ts": NO_BYTES,
      ...NO_HUB,
    },
    nodeModule: NO_NODE,
    singleFiles: true,
  });
  const browser = await bundle({
    entries: { browser: "mod.ts" },
    replacements: { [STORIES]: PARTS_ARE_FILES },
    nodeModule: NO_NODE,
    chunkPrefix: "browser-",
    minify: true,
  });
  return { files: new Map([...main.files, ...workerd.files, ...browser.files]), packages: main.packages };
}

function manifest(packages: readonly string[]): string {
  const imports: Record<string, string> = config.imports;
  const versions = packages.map((name) => [name, imports[name].slice(`npm:${name}@`.length)]);
  const types = "./types/mod.d.ts";
  const json = {
    name: config.name,
    version: config.version,
    license: config.license,
    type: "module",
    bin: { hymba: "./hymba.js" },
    exports: {
      ".": { types, workerd: "./workerd.js", browser: "./browser.js", default: "./mod.js" },
      "./server": { types: "./types/server/mod.d.ts", default: "./server.js" },
      "./browser": { types, default: "./browser.js" },
      "./workerd": { types, default: "./workerd.js" },
      "./*.wasm": "./*.wasm",
      "./package.json": "./package.json",
    },
    engines: { node: ">=22" },
    dependencies: Object.fromEntries(versions),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

/** Writes the declarations that `deno pack` derives from the published modules. */
async function writeTypes(folder: string): Promise<void> {
  const scratch = await Deno.makeTempDir();
  await run(Deno.execPath(), "pack", "--quiet", "--allow-dirty", "--output", `${scratch}/package.tgz`);
  await run("tar", "-xzf", `${scratch}/package.tgz`, "-C", scratch);
  for await (const path of declarations(`${scratch}/package`)) {
    const target = `${folder}/${path.slice(`${scratch}/package/`.length)}`;
    await Deno.mkdir(dirname(target), { recursive: true });
    await Deno.copyFile(path, target);
  }
  await Deno.remove(scratch, { recursive: true });
}

async function* declarations(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* declarations(`${folder}/${name}`);
    else if (name.endsWith(".d.ts")) yield `${folder}/${name}`;
  }
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args, cwd: ROOT, stdout: "null" }).output();
  if (success) return;
  throw new Error(`Cannot build: ${command} ${args[0]} failed\n${new TextDecoder().decode(stderr)}`);
}

/** Builds the package in `folder`, in place of what is there. */
async function build(folder: string): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch(() => {}); // it need not be there
  await Deno.mkdir(folder, { recursive: true });
  const { files, packages } = await scripts();
  await closeBundler();
  for (const [name, text] of files) {
    await Deno.writeTextFile(
      `${folder}/${name}`,
      name === "hymba.js" ? `#!/usr/bin/env node\n${text}` : text,
    );
  }
  await Deno.writeTextFile(`${folder}/package.json`, manifest(packages));
  const copies = [
    ["wasm/pkg/relaxed/kernels.wasm", "kernels.wasm"],
    ...PARTS.map((_, i) => [`models/stories/stories_${i}.wasm`, `stories_${i}.wasm`]),
    ["LICENSE", "LICENSE"],
    ["README.md", "README.md"],
  ];
  for (const [from, to] of copies) await Deno.copyFile(new URL(from, ROOT), `${folder}/${to}`);
  await writeTypes(`${folder}/types`);
}

if (import.meta.main) {
  const { values: { out } } = parseArgs({ options: { out: { type: "string", default: "dist/npm" } } });
  await build(out);
  let bytes = 0;
  for await (const { name, isFile } of Deno.readDir(out)) {
    if (isFile) bytes += (await Deno.stat(`${out}/${name}`)).size;
  }
  console.log(`${out}: ${bytes} bytes without the types`);
}
