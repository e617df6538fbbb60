/** @file Single ops on one CPU thread, against the scalar twin and the native read. */
import type { OpResults, OpRow } from "../ops/measure.ts";
import type { Figure } from "../results.ts";
import { cell, picture, type Section, settingLine, table } from "./markdown.ts";
import { barChart, short } from "./plots.ts";

const EXPLANATION = [
  "One thread, the relaxed build, the shapes of the 125M model, keys and values in f16 at 1,024 tokens of context and 128 meta",
  "tokens; activations of two bytes meet quantised weights. Weights, states and caches take turns in copies of 64 MiB",
  "together, but 256 at most; activations stay where they are. All times are microseconds a call.",
  "",
  "- **The native read** is what `bench/native_read.c` takes for the bytes that the op must read, out of a buffer as large as",
  "  all copies. It bounds decoding; with 64 rows arithmetic does, so that a small share is no fault there.",
  "- **The scalar twin** is the same crate with arrays for vectors, built to WebAssembly without SIMD and run by the same",
  "  engine; before it is timed, its results are compared with ours.",
  "",
];

const PASSES = [
  { rows: 1, title: "Decode, one row", file: "ops_decode.svg" },
  { rows: 64, title: "Prefill, 64 rows", file: "ops_prefill.svg" },
] as const;

/** Tables and plots, of one row and of 64. */
export function opsSection({ setting, ops }: OpResults): Section {
  const passes = PASSES.map((pass) => ({ ...pass, rows: ops.filter(({ rows }) => rows === pass.rows) }));
  const lines = [
    ...["## WebAssembly: single ops", "", settingLine(setting)],
    ...EXPLANATION,
    ...passes.flatMap(({ rows, title, file }) => [
      ...[`### ${title}`, "", ...opTable(rows), ""],
      ...[picture(file, `Time of single ops. ${title}`), ""],
    ]),
  ];
  const plots = passes.map(({ rows, title, file }) => [file, opPlot(title, rows)] as const);
  return { lines, plots: new Map(plots) };
}

function orNot(figure: Figure | null, text: (figure: Figure) => string): string {
  return figure === null ? "not measured" : text(figure);
}

function opTable(rows: readonly OpRow[]): string[] {
  return table(
    ["op", "KB read", "native read", "this runtime", "share of the read", "scalar twin", "times the twin"],
    rows.map(({ op, bytes, nativeRead, simd, shareOfRead, twin, timesTwin }) => [
      op,
      short(bytes / 1000),
      orNot(nativeRead, ({ median }) => short(median)),
      cell(simd),
      orNot(shareOfRead, cell),
      orNot(twin, ({ median }) => short(median)),
      orNot(timesTwin, cell),
    ]),
  );
}

function opPlot(title: string, rows: readonly OpRow[]): string {
  // In nanoseconds, because bars on a logarithmic axis start at 1.
  const medians = (figures: readonly (Figure | null)[]): (number | null)[] =>
    figures.map((each) => each && 1000 * each.median);
  return barChart({
    title: `${title}: time of single ops`,
    unit: "nanoseconds",
    logarithmic: true,
    groups: rows.map(({ op }) => op.replace("linear ", "")),
    series: [
      { name: "native read of the same bytes", values: medians(rows.map(({ nativeRead }) => nativeRead)) },
      { name: "this runtime", values: medians(rows.map(({ simd }) => simd)) },
      { name: "scalar twin", values: medians(rows.map(({ twin }) => twin)) },
    ],
  });
}
