/** @file What measurements write and the report reads: one JSON file in bench/results for each program that measures. */

/** A figure that was measured in several rounds. */
export interface Figure {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Where and when something was measured. */
export interface Setting {
  /** As in 2026-01-31. */
  readonly date: string;
  /** The processor or card, and what shares it. */
  readonly machine: string;
  /** Name and version of what ran the code. */
  readonly runtime: string;
  readonly rounds: number;
}

/** Median and range. */
export function figure(values: readonly number[]): Figure {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[sorted.length >> 1], lowest: sorted[0], highest: sorted[sorted.length - 1] };
}

/** This machine, now. */
export async function here(rounds: number): Promise<Setting> {
  const info = await Deno.readTextFile("/proc/cpuinfo").catch(() => "");
  const model = info.match(/^model name\s*:\s*(.*)$/m)?.[1] ?? Deno.build.arch;
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${model}, ${navigator.hardwareConcurrency} virtual cores`,
    runtime: `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`,
    rounds,
  };
}

/** Where a program's results are. */
export function resultsFile(name: string): URL {
  return new URL(`results/${name}.json`, import.meta.url);
}

/** Writes a program's results. */
export async function writeResults(name: string, results: unknown): Promise<void> {
  await Deno.writeTextFile(resultsFile(name), JSON.stringify(results, null, 1) + "\n");
}
