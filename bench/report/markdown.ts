/** @file Pieces of the report's Markdown. */
import type { Figure, Setting } from "../results.ts";
import { short } from "./plots.ts";

/** A part of the report: text, and pictures by file name. */
export interface Section {
  readonly lines: readonly string[];
  readonly plots: ReadonlyMap<string, string>;
}

/** A table; the first column is text, the others numbers. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map((_, i) => i === 0 ? "---" : "---:")), ...rows.map(line)];
}

/** A median, and its range in small print. */
export function cell({ median, lowest, highest }: Figure): string {
  return `${short(median)} (${short(lowest)} to ${short(highest)})`;
}

/** Where and when, as a sentence. */
export function settingLine({ date, machine, runtime, rounds }: Setting): string {
  return `${date}, ${machine}, ${runtime}; medians of ${rounds} interleaved rounds, with the lowest and highest.`;
}

/** The line that shows a plot. */
export function picture(file: string, text: string): string {
  return `![${text}](plots/${file})`;
}
