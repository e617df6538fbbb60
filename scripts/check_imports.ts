/**
 * Checks the import graph of the project's TypeScript modules: no cycle, types included, and the layers of
 * docs/architecture.md.
 */
import { jsrFallback } from "./jsr_fallback.ts";
import { projectFiles, projectText, report } from "./project_files.ts";

/** Modules -> the modules of ours that each imports, by path from the repository's root. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

interface LayerRule {
  readonly from: RegExp;
  readonly mayNotImport: RegExp;
  readonly because: string;
}

const RULES: readonly LayerRule[] = [
  {
    from: /^(mod\.ts|runtime\/|kernels\/|wasm\/|models\/)/,
    mayNotImport: /^(cli\.ts|cli\/|server\/)/,
    because: "imports point downwards",
  },
  {
    from: /^(runtime\/|kernels\/|wasm\/|models\/|cli\/)/,
    mayNotImport: /^mod\.ts$/,
    because: "mod.ts is for users of the package",
  },
  {
    from: /^(mod\.ts|cli\.ts|runtime\/|kernels\/|wasm\/|models\/|cli\/|server\/)/,
    mayNotImport: /^(tests|scripts|bench|examples|training)\//,
    because: "what is published needs none of it",
  },
  { from: /^(kernels|wasm)\//, mayNotImport: /^runtime\//, because: "imports point downwards" },
];

/** The cycles that a walk through `graph` meets, each as a path that ends where it starts; none when there is none. */
export function findCycles(graph: ImportGraph): string[][] {
  const finished = new Set<string>();
  const cycles: string[][] = [];
  const visit = (module: string, path: readonly string[]): void => {
    const start = path.indexOf(module);
    if (start >= 0) cycles.push([...path.slice(start), module]);
    if (start >= 0 || finished.has(module)) return;
    for (const imported of graph.get(module) ?? []) visit(imported, [...path, module]);
    finished.add(module);
  };
  for (const module of graph.keys()) visit(module, []);
  return cycles;
}

/** The imports that break a rule of the layers, as sentences. */
export function findLayerBreaks(graph: ImportGraph): string[] {
  return [...graph].flatMap(([module, imports]) =>
    imports.flatMap((imported) =>
      RULES.filter((rule) => rule.from.test(module) && rule.mayNotImport.test(imported))
        .map((rule) => `${module} imports ${imported}, but ${rule.because}`)
    )
  );
}

async function readGraph(files: readonly string[]): Promise<ImportGraph> {
  const root = new URL("../", import.meta.url);
  const everything = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(
    everything,
    files.map((path) => `import "${new URL(path, root).href}";`).join("\n"),
  );
  const { options } = await jsrFallback();
  const args = [
    "info",
    "--json",
    "--no-lock",
    "--config",
    new URL("deno.json", root).pathname,
    ...options,
    everything,
  ];
  const output = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  await Deno.remove(everything);
  if (!output.success) {
    throw new Error("Cannot read the import graph: deno info failed, expected it to succeed");
  }
  const graph = new Map<string, string[]>();
  for (
    const { specifier, dependencies = [] } of JSON.parse(new TextDecoder().decode(output.stdout)).modules
  ) {
    if (!specifier.startsWith(root.href)) continue;
    type Dependency = { code?: { specifier?: string }; type?: { specifier?: string } };
    const targets = dependencies.flatMap(({ code, type }: Dependency) => [code?.specifier, type?.specifier]);
    const ours = targets.filter((target: string | undefined) => target?.startsWith(root.href));
    graph.set(
      specifier.slice(root.href.length),
      [...new Set<string>(ours)].map((each) => each.slice(root.href.length)),
    );
  }
  return graph;
}

/** The lines of runtime/ that use Deno's own API, which browsers and other runtimes lack. */
async function findDenoUses(): Promise<string[]> {
  const uses: string[] = [];
  for (const path of await projectFiles(".ts")) {
    if (!path.startsWith("runtime/")) continue;
    (await projectText(path)).split("\n").forEach((line, i) => {
      const isComment = /^\s*(\/\/|\/?\*)/.test(line);
      if (!isComment && /\bDeno\./.test(line)) {
        uses.push(`${path}:${i + 1}: runtime/ uses web APIs only, not Deno's`);
      }
    });
  }
  return uses;
}

if (import.meta.main) {
  const graph = await readGraph(await projectFiles(".ts"));
  if (graph.size === 0) {
    throw new Error("Cannot check imports: the graph is empty, expected the project's modules");
  }
  report([
    ...findCycles(graph).map((cycle) => `import cycle: ${cycle.join(" -> ")}`),
    ...findLayerBreaks(graph),
    ...await findDenoUses(),
  ]);
}
