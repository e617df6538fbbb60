/**
 * @file bench/results/*.json -> docs/benchmarks.md and docs/plots/*.svg: `deno task bench:report`. It measures nothing; what has no results
 * is said to be not measured.
 */
import { resultsFile } from "../results.ts";
import { cpuSection } from "./cpu_section.ts";
import type { Section } from "./markdown.ts";
import { peersSection } from "./peers_section.ts";

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
    ["peers", "deno task bench:peers FOLDER", peersSection],
  ];

async function sectionOf([name, command, section]: typeof SECTIONS[number]): Promise<Section> {
  const text = await Deno.readTextFile(resultsFile(name)).catch(() => null);
  if (text === null) {
    return { lines: [`## ${name}`, "", `Not measured yet: \`${command}\`.`, ""], plots: new Map() };
  }
  const { lines, plots } = section(JSON.parse(text) as never);
  return { lines: [...lines, `\`${command}\``, ""], plots };
}

if (import.meta.main) {
  const sections = await Promise.all(SECTIONS.map(sectionOf));
  await Deno.mkdir(new URL("plots/", DOCS), { recursive: true });
  for (const { plots } of sections) {
    for (const [file, svg] of plots) await Deno.writeTextFile(new URL(`plots/${file}`, DOCS), svg);
  }
  const lines = [...INTRODUCTION, ...sections.flatMap(({ lines }) => lines)];
  await Deno.writeTextFile(new URL("benchmarks.md", DOCS), lines.join("\n"));
}
