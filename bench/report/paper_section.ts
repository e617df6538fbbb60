/** @file The paper's table beside what this runtime computes and measures: docs/paper.md. */
import type { CacheRow, PaperResults } from "../paper/measure.ts";
import { cell, picture, type Section, settingLine, table } from "./markdown.ts";
import { barChart, short } from "./plots.ts";

const INTRODUCTION = [
  "# The paper's table",
  "",
  "Table 2 of the Hymba paper (arXiv:2411.13676) claims a small cache and fast decoding. What of it this runtime can",
  "show without the released weights, which decide neither: bytes follow from the architecture, and speed from shapes.",
  "",
];

/** From the paper: throughput in tokens a second on one A100 at batch 128 or what fits, cache in MB at 8k tokens in f16. */
const PUBLISHED: readonly (readonly [model: string, throughput: number, cache: number])[] = [
  ["OpenELM-1", 246, 346],
  ["Rene-v0.1", 800, 113],
  ["Phi-1.5", 241, 1573],
  ["SmolLM, SmolLM2", 238, 1573],
  ["Cosmo", 244, 1573],
  ["h2o-danube2", 271, 492],
  ["Llama-3.2-1B", 535, 262],
  ["Qwen2.5-1.5B", 469, 229],
  ["AMD-OLMo", 387, 1049],
  ["Llama-3.2-3B", 191, 918],
  ["Hymba-1.5B", 664, 79],
];

/** Cache and decoding, of every backend that was measured. */
export function paperSection(results: readonly PaperResults[]): Section {
  const [{ cache }] = results;
  return {
    lines: [
      ...INTRODUCTION,
      ...cacheLines(cache),
      ...results.flatMap(decodeLines),
      ...comparison(),
    ],
    plots: new Map([["paper_cache.svg", cachePlot(cache)]]),
  };
}

function cachePlot(cache: readonly CacheRow[]): string {
  const mega = (of: (row: CacheRow) => number): number[] => cache.map((row) => of(row) / 1e6);
  return barChart({
    title: "State of a sequence by its length",
    unit: "MB",
    groups: cache.map(({ tokens }) => `${tokens / 1024}k`),
    logarithmic: true,
    series: [
      { name: "Hymba-1.5B, a live session here", values: mega(({ measured }) => measured) },
      { name: "Llama-3.2-1B, f16", values: mega(({ llama }) => llama["1B"]) },
      { name: "Llama-3.2-3B, f16", values: mega(({ llama }) => llama["3B"]) },
    ],
  });
}

function cacheLines(cache: readonly CacheRow[]): string[] {
  const mega = (bytes: number): string => (bytes / 1e6).toFixed(1);
  return [
    "## Cache bytes",
    "",
    "MB (10^6 bytes). *As the paper counts*: everything in f16, without the meta tokens; it prints 79 for 8k. *Computed*",
    "and *measured*: what `hymba inspect` says, and the buffers of a state allocated for so many tokens, keys and values in",
    "f16, scan and convolution states in f32, meta tokens included, and one slot a ring for the token under way.",
    "",
    ...table(
      ["tokens", "as the paper counts", "computed", "measured", "Llama-3.2-1B", "Llama-3.2-3B"],
      cache.map((row) => [
        row.tokens.toLocaleString("en"),
        ...[row.paper, row.computed, row.measured, row.llama["1B"], row.llama["3B"]].map(mega),
      ]),
    ),
    "",
    picture("paper_cache.svg", "State bytes by length"),
    "",
  ];
}

function decodeLines({ setting, backend, context, decode }: PaperResults): string[] {
  const [{ rate: hymba }] = decode;
  return [
    `## Decoding at ${context.toLocaleString("en")} tokens, ${backend}`,
    "",
    `${settingLine(setting)} One sequence, Q4_0 weights by chance, keys and values in f16, no sampling.`,
    "",
    ...table(
      ["model", "weights, GB", "state, MB", "tokens/s", "Hymba is so many times as fast"],
      decode.map(({ model, weightBytes, stateBytes, rate }) => [
        model,
        (weightBytes / 1e9).toFixed(2),
        (stateBytes / 1e6).toFixed(0),
        cell(rate),
        short(hymba.median / rate.median),
      ]),
    ),
    "",
  ];
}

function comparison(): string[] {
  return [
    "## Beside the paper",
    "",
    ...table(
      ["model, as published", "tokens/s", "cache, MB at 8k", "Hymba is so many times as fast"],
      PUBLISHED.map(([model, throughput, cache]) => [
        model,
        String(throughput),
        String(cache),
        (664 / throughput).toFixed(2),
      ]),
    ),
    "",
    "Comparable: cache bytes, which are arithmetic. Not comparable: the paper's throughput is of batches as large as an",
    "A100's memory allows, so a small cache buys a large batch; that is most of its 3.49 times Llama-3.2-3B. Here one",
    "sequence decodes alone, and what counts is weights and state read for each token. The Llamas here are their shapes",
    "over this runtime's ops (`bench/paper/llama.ts`), every layer attention over the whole context.",
    "",
  ];
}
