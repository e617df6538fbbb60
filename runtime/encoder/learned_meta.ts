/** @file Meta tokens: learned keys and values that stand in front of every layer's own. */
import type { KvCache } from "../backend.ts";
import { rows } from "../tensor.ts";
import type { EncoderNet } from "./encoder_net.ts";

/** Writes a layer's learned keys and values into the meta tokens' slots. */
export function placeLearnedMeta(
  { backend, config, weights, workspace }: EncoderNet,
  index: number,
  cache: KvCache,
): void {
  const { metaKeys, metaValues } = weights.layers[index];
  const { numMetaTokens } = config;
  const ids = workspace.metaIds;
  backend.embed({ ids, table: metaKeys, out: rows(cache.keys, 0, numMetaTokens) });
  backend.embed({ ids, table: metaValues, out: rows(cache.values, 0, numMetaTokens) });
}
