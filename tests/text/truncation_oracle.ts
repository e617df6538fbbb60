/** @file Top-k, top-p and min-p straight from their definitions, by sorting everything. */

import type { ResolvedSampling } from "../../runtime/sampling_options.ts";

/** Ids of the scaled logits `z` that stay. */
export function keptByOracle(z: readonly number[], { topK, topP, minP }: ResolvedSampling): Set<number> {
  const sorted = [...z].sort((a, b) => b - a);
  const afterK = topK > 0 && topK < sorted.length ? sorted.filter((v) => v >= sorted[topK - 1]) : sorted;
  const weights = afterK.map((v) => Math.exp(v - sorted[0]));
  const total = weights.reduce((sum, w) => sum + w, 0);
  let mass = 0, nucleus = afterK[afterK.length - 1];
  for (let i = 0; i < afterK.length && topP < 1; i++) {
    mass += weights[i];
    if (mass < topP * total) continue;
    nucleus = afterK[i];
    break;
  }
  const least = minP > 0 ? Math.fround(sorted[0] + Math.fround(Math.log(minP))) : -Infinity;
  const threshold = Math.max(nucleus, afterK[afterK.length - 1], least);
  return new Set(z.keys().filter((id) => z[id] >= threshold));
}
