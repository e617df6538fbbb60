/** @file What a person wants to know of a generation, on standard error. */
import type { GenerationSummary } from "../runtime/generation_options.ts";
import type { BackendReport } from "../runtime/backend_report.ts";

/** One line: the backend, the GPU if it is one, and why it was chosen. */
export function describeBackend({ kind, reason, adapter }: BackendReport): string {
  const gpu = adapter?.description || adapter?.device;
  return `${kind} backend${gpu ? ` on ${gpu}` : ""} (${reason})\n`;
}

/** One line: counts, rates, why it ended, and the seed to do it again. */
export function describeSummary(summary: GenerationSummary): string {
  const { promptTokens, timeToFirstTokenMs, generatedTokens, decodeTokensPerSecond, seed } = summary;
  const first = timeToFirstTokenMs === null ? "" : `, the first after ${round(timeToFirstTokenMs)} ms`;
  const rate = decodeTokensPerSecond === null ? "" : `, ${round(decodeTokensPerSecond)}/s`;
  return `prompt ${tokens(promptTokens)}; ${tokens(generatedTokens)}${first}${rate}; ` +
    `${ending(summary)}; seed ${seed}\n`;
}

function ending({ finishReason, stop }: GenerationSummary): string {
  switch (finishReason) {
    case "eos":
      return "ended by the model";
    case "length":
      return "ended by --max-tokens";
    case "stop":
      return `ended by ${JSON.stringify(stop)}`;
    case "abort":
      return "interrupted";
    default:
      return finishReason satisfies never;
  }
}

function tokens(count: number): string {
  return `${count.toLocaleString("en")} token${count === 1 ? "" : "s"}`;
}

/** Three digits are enough for a person. */
function round(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en");
}
