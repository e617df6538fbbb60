/** @file Whole models on CPU threads: decoding and prompts against the native read. */
import type { Figure } from "../results.ts";
import type { CpuResults, CpuRow, OneByte } from "../cpu/measure.ts";
import { cell, picture, type Section, settingLine, table } from "./markdown.ts";
import { barChart, short } from "./plots.ts";

const EXPLANATION = [
  "Tokens a second, greedy, activations of two bytes where nothing else is said. The native read is a C program",
  "(`bench/native_read.c`, gcc -O3 -march=native, 512-bit vectors) that reads as many bytes as a token's weights take, again",
  "and again, in the same round: in one stream, and in four, which keep more reads in flight. 125M, 350M and 1.5B are the",
  "paper's shapes with random weights.",
  "",
];

/** Tables and a plot. */
export function cpuSection({ setting, rows }: CpuResults): Section {
  const lines = [
    ...["## WebAssembly: whole models", "", settingLine(setting)],
    ...EXPLANATION,
    ...decodeTable(rows),
    ...["", picture("cpu_decode.svg", "Decode bandwidth by model"), ""],
    'With activations of one byte (`activations: "q8"`), as llama.cpp has them, one thread:',
    ...["", ...oneByteTable(rows), ""],
    ...promptTable(rows.filter(({ prompt }) => prompt.length > 0)),
    "",
  ];
  return { lines, plots: new Map([["cpu_decode.svg", decodePlot(rows)]]) };
}

function nameOf({ name, dtype }: CpuRow): string {
  return `${name} ${dtype}`;
}

function decodePlot(rows: readonly CpuRow[]): string {
  const read = rows.map(({ nativeRead }) => nativeRead && nativeRead.four.median / 1e9);
  const decoded = ({ bytesPerToken }: CpuRow, { median }: Figure): number => median * bytesPerToken / 1e9;
  return barChart({
    title: "Decode: weights read, against one native thread reading as many bytes",
    unit: "GB/s",
    groups: rows.map(nameOf),
    series: [
      { name: "native read, 1 thread", values: read },
      { name: "decode, 1 thread", values: rows.map((row) => decoded(row, row.decode[0])) },
      {
        name: "activations of one byte, 1 thread",
        values: rows.map((row) => decoded(row, row.oneByte.decode)),
      },
      { name: "decode, 2 threads", values: rows.map((row) => decoded(row, row.decode[1])) },
    ],
  });
}

function measured(value: Figure | null | undefined): string {
  return value ? cell(value) : "not measured";
}

function decodeTable(rows: readonly CpuRow[]): string[] {
  return table(
    [
      "model",
      "MB a token",
      "native read, GB/s: four streams, one",
      "decode, 1 thread",
      "share of four streams",
      "share of one",
      "2 threads, times as fast",
    ],
    rows.map((row) => [
      nameOf(row),
      short(row.bytesPerToken / 1e6),
      row.nativeRead
        ? [row.nativeRead.four, row.nativeRead.one].map(({ median }) => short(median / 1e9)).join(", ")
        : "not measured",
      cell(row.decode[0]),
      measured(row.share?.ofFour),
      measured(row.share?.ofOne),
      cell(row.speedUp),
    ]),
  );
}

function oneByteTable(rows: readonly CpuRow[]): string[] {
  const cells = ({ decode, share, prompt }: OneByte): string[] => [
    ...[decode, share?.ofFour, share?.ofOne, prompt].map(measured),
    prompt ? short(prompt.median / decode.median) : "not measured",
  ];
  return table(
    [
      "model",
      "decode",
      "share of four streams",
      "share of one",
      "512-token prompt",
      "prompt over decode, a token",
    ],
    rows.map((row) => [nameOf(row), ...cells(row.oneByte)]),
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
