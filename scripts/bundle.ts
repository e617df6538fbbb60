/**
 * @file Bundles our TypeScript for platforms other than Deno with esbuild, and npm packages as Deno resolves them: there is no
 * node_modules.
 */
import * as esbuild from "esbuild";
import { dirname, join } from "node:path";
import { linkPackages, npmPackages } from "./npm_packages.ts";

/** Where links to npm packages are, from the root. */
const NODE_MODULES = ".cache/bundle/node_modules";

/** What its package.json names as its build for browsers, which is bundled where there is no Node. */
const HUB_FOR_BROWSERS = "@huggingface/hub/dist/browser/index.mjs";

const ROOT = decodeURIComponent(new URL("../", import.meta.url).pathname);

/** Takes the place of `node:` modules in browsers. */
export const NO_NODE = `throw new Error("Node's modules are not available here");`;

/** Takes the place of runtime/hub/open_hub.ts where models come another way. */
export const NO_HUB: Readonly<Record<string, string>> = {
  "runtime/hub/open_hub.ts":
    `export function openHub() { throw new Error("Models of the hub are not available here"); }`,
};

/** The files that came out, and the npm packages that they import. */
export interface Bundle {
  /** Name, such as `mod.js` -> text. */
  readonly files: ReadonlyMap<string, string>;
  readonly packages: readonly string[];
}

/** What to bundle. */
export interface BundleOptions {
  /** Name without its ending -> a module's path from the repository's root, or the text of a module there. */
  readonly entries: Readonly<Record<string, string | { readonly text: string }>>;
  /** What chunks' names begin with, so that several bundles can share a folder. */
  readonly chunkPrefix?: string;
  /** Modules of ours, by path from the root -> the text that takes the place of theirs. */
  readonly replacements?: Readonly<Record<string, string>>;
  /** Leave npm packages as imports of their names. */
  readonly keepsPackages?: boolean;
  /** Text that takes the place of every `node:` module; left out: they stay imports. */
  readonly nodeModule?: string;
  /** One file an entry, dynamic imports and all. */
  readonly singleFiles?: boolean;
  readonly minify?: boolean;
}

/** Bundles ECMAScript modules. {@linkcode closeBundler} when done. */
export async function bundle(options: BundleOptions): Promise<Bundle> {
  const { entries, chunkPrefix = "", singleFiles = false, minify = false, keepsPackages = false } = options;
  await linkPackages(await npmPackages(), join(ROOT, NODE_MODULES));
  const { outputFiles, metafile } = await esbuild.build({
    entryPoints: Object.keys(entries).map((name) => ({ in: `entry:${name}`, out: name })),
    outdir: "out",
    chunkNames: `${chunkPrefix}[name]-[hash]`,
    bundle: true,
    splitting: !singleFiles,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["import"],
    target: "es2022",
    charset: "utf8",
    minify,
    write: false,
    metafile: true,
    absWorkingDir: ROOT,
    nodePaths: [NODE_MODULES],
    preserveSymlinks: true, // so that names of chunks do not depend on where the cache is
    packages: keepsPackages ? "external" : "bundle",
    external: ["*.wasm"],
    plugins: [ownModules(options)],
    logLevel: "warning",
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const packages = imports.filter(({ external, path }) => external && !/^node:|\.wasm$/.test(path));
  const outDir = join(ROOT, "out/");
  return {
    files: new Map(outputFiles.map(({ path, text }) => [path.slice(outDir.length), text])),
    packages: [...new Set(packages.map(({ path }) => packageName(path)))].sort(),
  };
}

/** The package that a module such as `@scope/name/part` belongs to. */
function packageName(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/** A style sheet without what a browser does not need. */
export async function minifyCss(css: string): Promise<string> {
  return (await esbuild.transform(css, { loader: "css", minify: true, charset: "utf8" })).code;
}

/** Ends esbuild's own process. */
export async function closeBundler(): Promise<void> {
  await esbuild.stop();
}

/** Finds the entries, puts the replacements in place, and answers for `node:` modules. */
function ownModules({ entries, replacements = {}, nodeModule }: BundleOptions): esbuild.Plugin {
  const asText = (path: string, text: string): esbuild.OnResolveResult => ({
    path,
    namespace: "text",
    pluginData: text,
  });
  return {
    name: "own-modules",
    setup(build): void {
      build.onResolve({ filter: /^entry:/ }, ({ path }) => {
        const entry = entries[path.slice("entry:".length)];
        return typeof entry === "string" ? { path: join(ROOT, entry) } : asText(path, entry.text);
      });
      build.onResolve({ filter: /^node:/ }, ({ path }) => {
        return nodeModule === undefined ? { path, external: true } : asText(path, nodeModule);
      });
      build.onResolve({ filter: /^@huggingface\/hub$/ }, () => {
        return nodeModule === undefined ? undefined : { path: join(ROOT, NODE_MODULES, HUB_FOR_BROWSERS) };
      });
      build.onLoad({ filter: /.*/, namespace: "text" }, ({ pluginData }) => {
        return { contents: pluginData, loader: "ts", resolveDir: ROOT };
      });
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = replacements[path.slice(ROOT.length)];
        return contents === undefined ? undefined : { contents, loader: "ts", resolveDir: dirname(path) };
      });
    },
  };
}
