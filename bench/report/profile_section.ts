/** @file Where a token's time goes on one CPU thread. */
import { KINDS } from "../cpu/op_timer.ts";
import type { Profile, ProfileResults, ProfileRow } from "../cpu/profile.ts";
import { type Section, settingLine, table } from "./markdown.ts";
import { short } from "./plots.ts";

const EXPLANATION = [
  "One thread, milliseconds a token, medians; two bytes (q16) or one (q8) of an activation. Products norm and quantise their",
  "activations themselves; what is outside the ops is choosing the token, its text, and JavaScript between the ops. The last",
  "two columns explain decoding: how fast the products read weights, of one native stream's rate in the same rounds, and what",
  "share of the read a decode step would reach if it were nothing but them. `bench/cpu/NOTES.md` says what bounds each part.",
  "",
];

/** Tables for decoding and for prompts. */
export function profileSection({ setting, rows }: ProfileResults): Section {
  const withPrompt = rows.filter(({ prompt }) => prompt !== null);
  const lines = [
    ...["## WebAssembly: where a token's time goes", "", settingLine(setting)],
    ...EXPLANATION,
    ...["### Decode", "", ...decodeTable(rows), "", "### A prompt of 512", ""],
    "Here arithmetic is the limit: multiply-adds a nanosecond of the products.",
    ...["", ...promptTable(withPrompt), ""],
  ];
  return { lines, plots: new Map() };
}

const COLUMNS = ["model", "ms a token", ...KINDS, "outside the ops"];

function parts({ name, dtype, activations }: ProfileRow, { total, kinds }: Profile): string[] {
  const inOps = KINDS.map((kind) => kinds[kind].median);
  const outside = total.median - inOps.reduce((sum, each) => sum + each, 0);
  const cells = [total.median, ...inOps, outside].map((microseconds) => short(microseconds / 1000));
  return [`${name} ${dtype}, ${activations}`, ...cells];
}

function decodeTable(rows: readonly ProfileRow[]): string[] {
  return table(
    [...COLUMNS, "products, GB/s", "share of the read, products alone"],
    rows.map((row) => {
      const rate = row.decode.products.bytes.median;
      const share = row.nativeRead ? short(rate * 1e9 / row.nativeRead.median) : "not measured";
      return [...parts(row, row.decode), short(rate), share];
    }),
  );
}

function promptTable(rows: readonly ProfileRow[]): string[] {
  return table(
    [...COLUMNS, "multiply-adds a ns"],
    rows.map((row) => [...parts(row, row.prompt!), short(row.prompt!.products.multiplyAdds.median)]),
  );
}
