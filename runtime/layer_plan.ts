/** @file Which layer attends how far, and whose keys and values it reads. */
import { ConfigError } from "./errors.ts";

/** Role of one layer. */
export interface LayerPlan {
  /** `global`: sees every earlier token; `window`: the last windowSize tokens and the meta tokens. */
  readonly attention: "global" | "window";
  /** The layer whose keys and values this one reads: itself, or an earlier layer. */
  readonly kvOwner: number;
}

/** What config.json says of layers. */
export interface LayerRules {
  readonly numLayers: number;
  readonly globalLayers: readonly number[];
  /** Each group's first member owns the keys and values that the others read; null: no groups. */
  readonly reuseGroups: readonly (readonly number[])[] | null;
  /** Without groups and above 0: every n-th layer owns, the others read the layer before them. */
  readonly reuseEvery: number;
}

/**
 * The role of every layer.
 *
 * @throws {ConfigError} where an index is out of range or named twice, or a group mixes global and window layers
 */
export function planLayers(rules: LayerRules): LayerPlan[] {
  const { numLayers, globalLayers, reuseGroups, reuseEvery } = rules;
  const owner = Array.from({ length: numLayers }, (_, layer) => layer);
  globalLayers.forEach((layer) => checkLayer("global_attn_idx", layer, numLayers));
  const seen = new Set<number>();
  for (const group of reuseGroups ?? []) {
    for (const layer of group) {
      checkLayer("kv_reuse_group", layer, numLayers);
      check(!seen.has(layer), `kv_reuse_group names layer ${layer} twice`, "each layer at most once");
      check(
        layer >= group[0],
        `kv_reuse_group has layer ${layer} after ${group[0]}`,
        "a group to begin with its first layer",
      );
      seen.add(layer);
      owner[layer] = group[0];
    }
  }
  if (!reuseGroups && reuseEvery > 0) owner.forEach((_, layer) => owner[layer] = layer - layer % reuseEvery);
  const plans = owner.map((kvOwner, layer): LayerPlan => ({
    attention: globalLayers.includes(layer) ? "global" : "window",
    kvOwner,
  }));
  plans.forEach((plan, layer) =>
    check(
      plan.attention === plans[plan.kvOwner].attention,
      `layer ${layer} (${plan.attention}) reads the keys of layer ${plan.kvOwner} (${
        plans[plan.kvOwner].attention
      })`,
      "layers that share keys and values to attend alike",
    )
  );
  return plans;
}

function checkLayer(key: string, layer: number, numLayers: number): void {
  check(layer < numLayers, `${key} names layer ${layer}`, `a layer below num_hidden_layers ${numLayers}`);
}

function check(holds: boolean, is: string, expected: string): void {
  if (holds) return;
  throw new ConfigError(
    `Cannot plan layers: ${is}, expected ${expected}`,
    "Check kv_reuse_group and global_attn_idx in config.json",
  );
}
