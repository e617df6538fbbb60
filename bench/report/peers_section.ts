/** @file This runtime beside others in one browser. */
import type { PeerResults, PeerRow } from "../peers/measure.ts";
import { cell, picture, type Section, settingLine, table } from "./markdown.ts";
import { barChart, short } from "./plots.ts";

const NAMES: Readonly<Record<string, string>> = {
  hymba: "Hymba, this runtime",
  hymbaOneByte: "activations of one byte",
  wllama: "Llama, wllama",
  onnxruntime: "Hymba's matrices alone, ONNX Runtime",
};

const EXPLANATION = [
  "",
  "- **wllama** is llama.cpp in WebAssembly. It has no Hymba, so it runs a Llama with as many parameters to within two per",
  "  cent, in the same storage type; its rate is the one that llama.cpp reports of itself.",
  "- **ONNX Runtime** has neither: it multiplies the large matrices of the Hymba (in_proj, out_proj, gate, up, down, head;",
  "  `MatMulNBits`, blocks of 32, int8 activations) and does nothing else of a token.",
  "- **This runtime** runs the whole Hymba, its npm build, activations of two bytes; and of one, which is what llama.cpp and",
  "  ONNX Runtime make of them.",
  "",
  "Rounds are of 128 tokens (34M) and 48 (125M), for ONNX Runtime of a quarter as many passes, after one that does not count.",
  "Tokens, or passes over the matrices, a second, and bytes of the model's file times that:",
  "",
];

/** A table and a plot. */
export function peersSection({ setting, browser, packages, rows }: PeerResults): Section {
  const groups = Map.groupBy(rows, ({ pair, dtype, threads }) => `${pair} ${dtype}, ${threads} threads`);
  const where = settingLine({ ...setting, runtime: `headless Chromium ${browser}` });
  const lines = [
    ...["## Peers, in one browser", "", `${where} ${packages.join(", ")}.`],
    ...EXPLANATION,
    ...table(
      ["size, storage, threads", ...Object.values(NAMES), "times wllama, two bytes and one"],
      [...groups].map((
        [name, group],
      ) => [name, ...Object.keys(NAMES).map(figureIn(group)), advantage(group)]),
    ),
    ...["", picture("peers.svg", "Decode rates of this runtime and of peers"), ""],
  ];
  return { lines, plots: new Map([["peers.svg", plot(groups)]]) };
}

function plot(groups: ReadonlyMap<string, readonly PeerRow[]>): string {
  return barChart({
    title: "Decode in Chromium, models of one size",
    unit: "tokens/s",
    groups: [...groups.keys()],
    series: Object.entries(NAMES).map(([contestant, name]) => ({
      name,
      values: [...groups.values()].map((group) => medianOf(group, contestant)),
    })),
  });
}

function medianOf(group: readonly PeerRow[], contestant: string): number | null {
  return group.find((row) => row.contestant === contestant)?.rate.median ?? null;
}

function figureIn(group: readonly PeerRow[]): (contestant: string) => string {
  return (contestant) => {
    const row = group.find((each) => each.contestant === contestant);
    return row ? `${cell(row.rate)}, ${short(row.rate.median * row.fileBytes / 1e9)} GB/s` : "not measured";
  };
}

function advantage(group: readonly PeerRow[]): string {
  const theirs = medianOf(group, "wllama");
  return ["hymba", "hymbaOneByte"].map((name) => {
    const ours = medianOf(group, name);
    return ours && theirs ? short(ours / theirs) : "not measured";
  }).join(", ");
}
