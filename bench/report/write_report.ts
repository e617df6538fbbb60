/**
 * @file bench/results/*.json -> docs/benchmarks.md, docs/paper.md and docs/plots/*.svg: `deno task bench:report`. It measures nothing; what has no results
 * is said to be not measured.
 */
import { resultsFile } from "../results.ts";
import { cpuSection } from "./cpu_section.ts";
import { gpuSection } from "./gpu_section.ts";
import type { PaperResults } from "../paper/measure.ts";
import type { Section } from "./markdown.ts";
import { opsSection } from "./ops_section.ts";
import { paperSection } from "./paper_section.ts";
import { peersSection } from "./peers_section.ts";
import { profileSection } from "./profile_section.ts";

const DOCS = new URL("../../docs/", import.meta.url);

const INTRODUCTION = [
  "# Benchmarks",
  "",
  "Written by `deno task bench:report` from `bench/results`, which the programs named below write. Machines are shared",
  "and noisy: read the ratios, which come from the same rounds, before the rates.",
  "",
];

/** Name of the results -> how they are measured, and how they are shown. */
const SECTIONS: readonly (readonly [name: string, command: string, section: (results: never) => Section])[] =
  [
    ["cpu", "deno task bench:cpu FOLDER", cpuSection],
    ["profile", "deno task bench:profile FOLDER", profileSection],
    ["ops", "deno task bench:twins", opsSection],
    ["webgpu", "deno run -A bench/webgpu/gpu.ts OUT", gpuSection],
    ["peers", "deno task bench:peers FOLDER", peersSection],
  ];

async function resultsOf<T>(name: string): Promise<T | null> {
  const text = await Deno.readTextFile(resultsFile(name)).catch(() => null);
  return text === null ? null : JSON.parse(text) as T;
}

async function sectionOf([name, command, section]: typeof SECTIONS[number]): Promise<Section> {
  const results = await resultsOf<never>(name);
  if (results === null) {
    return { lines: [`## ${name}`, "", `Not measured yet: \`${command}\`.`, ""], plots: new Map() };
  }
  const { lines, plots } = section(results);
  return { lines: [...lines, `\`${command}\``, ""], plots };
}

async function writePage(
  name: string,
  lines: readonly string[],
  sections: readonly Section[],
): Promise<void> {
  for (const { plots } of sections) {
    for (const [file, svg] of plots) await Deno.writeTextFile(new URL(`plots/${file}`, DOCS), svg);
  }
  await Deno.writeTextFile(
    new URL(name, DOCS),
    [...lines, ...sections.flatMap(({ lines }) => lines)].join("\n"),
  );
}

if (import.meta.main) {
  await Deno.mkdir(new URL("plots/", DOCS), { recursive: true });
  await writePage("benchmarks.md", INTRODUCTION, await Promise.all(SECTIONS.map(sectionOf)));
  const paper = await Promise.all(
    ["paper-wasm", "paper-webgpu"].map((name) => resultsOf<PaperResults>(name)),
  );
  const measured = paper.filter((results) => results !== null);
  if (measured.length > 0) await writePage("paper.md", [], [paperSection(measured)]);
}
