/** @file config.json of the model sizes that are measured: the released Hymba-1.5B, and the two smaller ones of its paper. */

/** Names of the sizes. */
export type ShapeName = "125m" | "350m" | "1.5b";

interface Shape {
  readonly layers: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly heads: number;
  readonly kvHeads: number;
}

/** arXiv:2411.13676, appendix: blocks, hidden size, MLP, attention heads, query groups. */
const SHAPES: Readonly<Record<ShapeName, Shape>> = {
  "125m": { layers: 24, hidden: 512, intermediate: 1664, heads: 8, kvHeads: 4 },
  "350m": { layers: 32, hidden: 768, intermediate: 2432, heads: 12, kvHeads: 4 },
  "1.5b": { layers: 32, hidden: 1600, intermediate: 5504, heads: 25, kvHeads: 5 },
};

/** All names, small to large. */
export const SHAPE_NAMES = Object.keys(SHAPES) as readonly ShapeName[];

/** What the sizes have in common, as the release's config.json has it. */
const COMMON = {
  ...{ model_type: "hymba", vocab_size: 32001, tie_word_embeddings: true, rms_norm_eps: 1e-6 },
  ...{ bos_token_id: 1, eos_token_id: 2, pad_token_id: 0 },
  ...{ mamba_expand: 2, mamba_d_state: 16, mamba_d_conv: 4, mamba_dt_rank: "auto" },
  ...{ num_memory_tokens: 128, sliding_window: 1024, kv_reuse_every_i_layer: -1 },
  ...{
    rope_theta: 10000,
    rope_type: "ntk",
    max_position_embeddings: 8192,
    orig_max_position_embeddings: 2048,
  },
};

/** The config.json of a size. Layers that the paper leaves open follow the release: global first, middle and last, the rest in pairs. */
export function shapeConfig(name: ShapeName): string {
  const { layers, hidden, intermediate, heads, kvHeads } = SHAPES[name];
  const middle = layers / 2 - 1;
  const config = {
    ...COMMON,
    hidden_size: hidden,
    intermediate_size: intermediate,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    global_attn_idx: [0, middle, layers - 1],
    kv_reuse_group: [...pairs(1, middle), ...pairs(middle + 1, layers - 1)],
  };
  return JSON.stringify(config, null, 2);
}

/** Layers `start .. end` in groups of two; an odd one out joins the first. */
function pairs(start: number, end: number): number[][] {
  const groups: number[][] = [];
  for (let layer = start; layer < end;) {
    const size = layer === start && (end - start) % 2 === 1 ? 3 : 2;
    groups.push(Array.from({ length: size }, (_, i) => layer + i));
    layer += size;
  }
  return groups;
}
