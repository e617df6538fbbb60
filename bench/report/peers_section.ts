/** @file This runtime beside others in one browser. */
import type { PeerResults, PeerRow } from "../peers/measure.ts";
import { cell, picture, type Section, settingLine, table } from "./markdown.ts";
import { barChart, short } from "./plots.ts";

const NAMES: Readonly<Record<string, string>> = {
  hymba: "Hymba, this runtime",
  wllama: "Llama, wllama",
  onnxruntime: "Hymba's matrices alone, ONNX Runtime",
};

/** Rates of models of one size. */
export function peersSection({ setting, browser, packages, rows }: PeerResults): Section {
  const groups = [...new Set(rows.map(({ pair, dtype, threads }) => `${pair} ${dtype}, ${threads} threads`))];
  const find = (group: string, contestant: string): PeerRow | undefined =>
    rows.find((row) =>
      row.contestant === contestant && `${row.pair} ${row.dtype}, ${row.threads} threads` === group
    );
  const plot = barChart({
    title: "Decode in Chromium, models of one size",
    unit: "tokens/s",
    groups,
    series: Object.entries(NAMES).map(([contestant, name]) => ({
      name,
      values: groups.map((group) => find(group, contestant)?.rate.median ?? null),
    })),
  });
  const ratio = (group: string): string => {
    const [ours, theirs] = ["hymba", "wllama"].map((contestant) => find(group, contestant)?.rate.median);
    return ours && theirs ? short(ours / theirs) : "not measured";
  };
  const figureOf = (group: string, contestant: string): string => {
    const row = find(group, contestant);
    return row ? `${cell(row.rate)}, ${short(row.rate.median * row.fileBytes / 1e9)} GB/s` : "not measured";
  };
  const lines = [
    "## Peers, in one browser",
    "",
    `${settingLine({ ...setting, runtime: `headless Chromium ${browser}` })} ${packages.join(", ")}.`,
    "",
    "- **wllama** is llama.cpp in WebAssembly. It has no Hymba, so it runs a Llama with as many parameters to within two per",
    "  cent, in the same storage type; its rate is the one that llama.cpp reports of itself.",
    "- **ONNX Runtime** has neither: it multiplies the large matrices of the Hymba (in_proj, out_proj, gate, up, down, head;",
    "  `MatMulNBits`, blocks of 32, int8 activations) and does nothing else of a token.",
    "- **This runtime** runs the whole Hymba, its npm build, activations of two bytes.",
    "",
    "Tokens, or passes over the matrices, a second, and bytes of the model's file times that:",
    "",
    ...table(
      ["size, storage, threads", ...Object.values(NAMES), "times wllama"],
      groups.map((
        group,
      ) => [group, ...Object.keys(NAMES).map((each) => figureOf(group, each)), ratio(group)]),
    ),
    "",
    picture("peers.svg", "Decode rates of this runtime and of peers"),
    "",
  ];
  return { lines, plots: new Map([["peers.svg", plot]]) };
}
