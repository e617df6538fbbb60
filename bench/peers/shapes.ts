/** @file Pairs of models of one size: a Hymba, and a Llama with as many parameters to within two per cent. */
import { shapeConfig } from "../shapes.ts";

/** A Llama as llama.cpp runs it, embeddings tied. */
export interface LlamaShape {
  readonly layers: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly vocab: number;
}

/** Two models of one size. */
export interface Pair {
  readonly name: string;
  /** config.json. */
  readonly hymba: string;
  readonly llama: LlamaShape;
  /** Tokens of a round: enough for engines to have optimised what runs, few enough that contexts stay short. */
  readonly tokens: number;
}

/** A Hymba of 34M parameters: as those of the paper, narrower, with a vocabulary to match. */
const HYMBA_34M = JSON.stringify({
  ...JSON.parse(shapeConfig("125m")),
  ...{ vocab_size: 8192, hidden_size: 384, intermediate_size: 1152, num_hidden_layers: 12 },
  ...{ num_attention_heads: 6, num_key_value_heads: 2, global_attn_idx: [0, 5, 11] },
  kv_reuse_group: [[1, 2], [3, 4], [6, 7], [8, 9, 10]],
});

/** Small to large. */
export const PAIRS: readonly Pair[] = [
  {
    name: "34M",
    hymba: HYMBA_34M,
    llama: { layers: 9, hidden: 512, intermediate: 1600, heads: 8, kvHeads: 4, vocab: 8192 },
    tokens: 128,
  },
  {
    name: "125M",
    hymba: shapeConfig("125m"),
    llama: { layers: 17, hidden: 768, intermediate: 2048, heads: 12, kvHeads: 4, vocab: 32000 },
    tokens: 48,
  },
];
