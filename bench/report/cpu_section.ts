/** @file Whole models on CPU threads: decoding and prompts against the native read. */
import type { CpuResults, CpuRow } from "../cpu/measure.ts";
import { cell, picture, type Section, settingLine, table } from "./markdown.ts";
import { barChart, short } from "./plots.ts";

const EXPLANATION = [
  "Tokens a second, greedy, activations of two bytes. The native read is a C program (`bench/native_read.c`, gcc -O3",
  "-march=native, 512-bit vectors, four streams) that reads as many bytes as a token's weights take, again and again, in",
  "the same round. 125M, 350M and 1.5B are the paper's shapes with random weights.",
  "",
];

/** Tables and a plot. */
export function cpuSection({ setting, rows }: CpuResults): Section {
  const lines = [
    ...["## WebAssembly: whole models", "", settingLine(setting)],
    ...EXPLANATION,
    ...decodeTable(rows),
    ...["", picture("cpu_decode.svg", "Decode bandwidth by model"), ""],
    ...promptTable(rows.filter(({ prompt }) => prompt.length > 0)),
    "",
  ];
  return { lines, plots: new Map([["cpu_decode.svg", decodePlot(rows)]]) };
}

function nameOf({ name, dtype }: CpuRow): string {
  return `${name} ${dtype}`;
}

function decodePlot(rows: readonly CpuRow[]): string {
  const read = rows.map(({ nativeRead }) => nativeRead && nativeRead.median / 1e9);
  const decoded = (threads: number): number[] =>
    rows.map(({ decode, bytesPerToken }) => decode[threads - 1].median * bytesPerToken / 1e9);
  return barChart({
    title: "Decode: weights read, against one native thread reading as many bytes",
    unit: "GB/s",
    groups: rows.map(nameOf),
    series: [
      { name: "native read, 1 thread", values: read },
      { name: "decode, 1 thread", values: decoded(1) },
      { name: "decode, 2 threads", values: decoded(2) },
    ],
  });
}

function decodeTable(rows: readonly CpuRow[]): string[] {
  return table(
    [
      "model",
      "MB a token",
      "native read, GB/s",
      "decode, 1 thread",
      "share of the read",
      "2 threads, times as fast",
    ],
    rows.map((row) => [
      nameOf(row),
      short(row.bytesPerToken / 1e6),
      row.nativeRead === null ? "not measured" : short(row.nativeRead.median / 1e9),
      cell(row.decode[0]),
      row.shareOfRead === null ? "not measured" : cell(row.shareOfRead),
      cell(row.speedUp),
    ]),
  );
}

function promptTable(rows: readonly CpuRow[]): string[] {
  return table(
    ["model", "512-token prompt, 1 thread", "2 threads", "prompt over decode, a token"],
    rows.map((row) => [
      nameOf(row),
      cell(row.prompt[0]),
      cell(row.prompt[1]),
      short(row.prompt[0].median / row.decode[0].median),
    ]),
  );
}
