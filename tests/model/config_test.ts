import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { parseConfig } from "../../runtime/config.ts";
import { ConfigError } from "../../runtime/errors.ts";

const STORIES = await Deno.readTextFile(
  new URL("../../models/stories/checkpoint/config.json", import.meta.url),
);

function withKeys(changes: Record<string, unknown>): string {
  return JSON.stringify({ ...JSON.parse(STORIES), ...changes });
}

Deno.test("parseConfig derives head widths from the published rules", () => {
  const config = parseConfig(STORIES);
  assertEquals([config.headDim, config.vHeadDim, config.dInner, config.dtRank], [64, 128, 512, 16]);
  assertEquals(config.windowRule, "decode");
  assertEquals(config.layers.map(({ kvOwner }) => kvOwner), [0, 1, 1, 3, 4, 5, 5, 7]);
});

Deno.test("parseConfig computes NTK frequencies of the 1.5B release", () => {
  const { inverseFrequencies: f } = parseConfig(withKeys({
    ...{ hidden_size: 1600, num_attention_heads: 25, num_key_value_heads: 5 },
    ...{ max_position_embeddings: 8192, orig_max_position_embeddings: 2048 },
  }));
  // reference: inv_freq of base 10000 * 7^(32/31)
  assertAlmostEquals(f[1], 0.70426933, 1e-8);
  assertAlmostEquals(f[8], 0.06052157, 1e-8);
  assertAlmostEquals(f[31], 1.9050306e-5, 1e-12);
});

Deno.test("parseConfig gives the plain frequencies for rope_type default", () => {
  const { inverseFrequencies: f } = parseConfig(
    withKeys({ rope_type: "default", max_position_embeddings: 4096 }),
  );
  assertAlmostEquals(f[31], 10000 ** (-62 / 64), 1e-15);
});

Deno.test("parseConfig takes 'auto' for dt_rank and one or several end tokens", () => {
  assertEquals(parseConfig(withKeys({ mamba_dt_rank: "auto" })).dtRank, 16);
  assertEquals(parseConfig(withKeys({ eos_token_id: [3, 4] })).eosTokenIds, [3, 4]);
  assertEquals(parseConfig(withKeys({ eos_token_id: null })).eosTokenIds, []);
});

Deno.test("parseConfig shares every n-th layer's cache when no groups are given", () => {
  const config = parseConfig(
    withKeys({ kv_reuse_group: null, kv_reuse_every_i_layer: 2, global_attn_idx: [] }),
  );
  assertEquals(config.layers.map(({ kvOwner }) => kvOwner), [0, 0, 2, 2, 4, 4, 6, 6]);
});

const BAD: Record<string, Record<string, unknown>> = {
  "another architecture": { model_type: "llama" },
  "a missing size": { hidden_size: undefined },
  "a fractional size": { hidden_size: 256.5 },
  "a negative size": { vocab_size: -1 },
  "a size beyond reason": { intermediate_size: 2 ** 40 },
  "a size as text": { hidden_size: "256" },
  "heads that do not divide": { num_attention_heads: 7 },
  "key heads that do not divide": { num_key_value_heads: 3 },
  "a layer out of range": { global_attn_idx: [8] },
  "a group of mixed layers": { kv_reuse_group: [[0, 1]] },
  "a layer in two groups": { kv_reuse_group: [[1, 2], [2, 3]] },
  "a group in the wrong order": { kv_reuse_group: [[2, 1]] },
  "an unknown rope": { rope_type: "yarn" },
  "an unimplemented norm": { kq_norm: "rms" },
  "experts": { num_experts: 4 },
  "an unknown key": { sliding_windows: 12 },
  "an unknown window rule": { sliding_window_rule: "both" },
  "zero epsilon": { rms_norm_eps: 0 },
  "an infinite base": { rope_theta: 1e400 },
  "a shrinking NTK factor": { max_position_embeddings: 1, orig_max_position_embeddings: 4096 },
};

for (const [what, changes] of Object.entries(BAD)) {
  Deno.test(`parseConfig refuses ${what}`, () => {
    const error = assertThrows(() => parseConfig(withKeys(changes)), ConfigError);
    assertEquals(error.remedy.length > 0, true);
  });
}

Deno.test("parseConfig refuses what is no JSON object", () => {
  for (const text of ["", "{", "[]", "null", "12", '"hymba"', STORIES.slice(0, 200)]) {
    assertThrows(() => parseConfig(text), ConfigError);
  }
});
