/**
 * @file config.json -> {@linkcode HymbaConfig}: the only place that knows the published keys. Every key is read, required to
 * have the one value that the runtime implements, or listed as without effect on inference; anything else is an error.
 */
import * as v from "valibot";
import { ConfigError } from "./errors.ts";
import { type LayerPlan, planLayers } from "./layer_plan.ts";
import { power } from "./portable_math.ts";

/**
 * How far a query on a window layer sees back. `release`: windowSize tokens in a prefill, windowSize - 1 in single-token decode, as
 * NVIDIA's published code does; `decode`: windowSize - 1 at every position, which makes prefill and decode agree exactly.
 */
export type WindowRule = "release" | "decode";

/** A Hymba language model's architecture (arXiv:2411.13676), sizes in elements. */
export interface HymbaConfig {
  /** Tokens in the vocabulary; ids are below it. */
  readonly vocabSize: number;
  /** Width of the residual stream. */
  readonly hiddenSize: number;
  /** Width inside the MLP. */
  readonly intermediateSize: number;
  /** Attention heads of a layer. */
  readonly numHeads: number;
  /** Key and value heads of a layer, each shared by numHeads / numKvHeads query heads. */
  readonly numKvHeads: number;
  /** Width of a query and key head. */
  readonly headDim: number;
  /** Width of a value head: dInner / numHeads, so that both branches are dInner wide. */
  readonly vHeadDim: number;
  /** Channels of the Mamba heads, and width of either branch's output. */
  readonly dInner: number;
  /** State elements of a channel. */
  readonly dState: number;
  /** Taps of the convolution. */
  readonly dConv: number;
  /** Rank of the projection that gives the scan's step sizes. */
  readonly dtRank: number;
  /** Learned tokens in front of every text, which all layers always see. */
  readonly numMetaTokens: number;
  /** Tokens that a window layer sees besides the meta tokens. */
  readonly windowSize: number;
  /** How exactly that window is meant. */
  readonly windowRule: WindowRule;
  /** Added to the mean square in every norm. */
  readonly rmsNormEps: number;
  /** Whether the head's weight is the embedding. */
  readonly tieWordEmbeddings: boolean;
  /** Positions that the model was trained on, meta tokens not counted. */
  readonly maxPositionEmbeddings: number;
  /** `[headDim / 2]`: RoPE turns dimension i by position * inverseFrequencies[i] radians. */
  readonly inverseFrequencies: Float64Array;
  /** The role of each layer, in order. */
  readonly layers: readonly LayerPlan[];
  /** Stands for an empty prompt; null: the model has none. */
  readonly bosTokenId: number | null;
  /** Ids that end a generation. */
  readonly eosTokenIds: readonly number[];
}

const MAX_SIZE = 2 ** 24;
const count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_SIZE));
const countOrZero = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_SIZE));
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const tokenId = v.nullish(countOrZero, null);
const fixed = <T extends v.Literal>(value: T) => v.optional(v.literal(value));

const WithEffect = {
  model_type: v.literal("hymba"),
  hidden_size: count,
  num_hidden_layers: v.pipe(count, v.maxValue(4096)),
  num_attention_heads: count,
  num_key_value_heads: count,
  intermediate_size: count,
  vocab_size: count,
  mamba_expand: count,
  mamba_d_state: count,
  mamba_d_conv: v.pipe(count, v.minValue(2), v.maxValue(64)),
  mamba_dt_rank: v.union([count, v.literal("auto")]),
  num_memory_tokens: countOrZero,
  sliding_window: count,
  sliding_window_rule: v.optional(v.picklist(["release", "decode"]), "release"),
  global_attn_idx: v.array(countOrZero),
  kv_reuse_group: v.nullish(v.array(v.array(countOrZero))),
  kv_reuse_every_i_layer: v.optional(v.pipe(v.number(), v.integer()), -1),
  rms_norm_eps: positive,
  rope_theta: positive,
  rope_type: v.optional(v.picklist(["ntk", "default"]), "ntk"),
  max_position_embeddings: count,
  orig_max_position_embeddings: v.nullish(count),
  tie_word_embeddings: v.optional(v.boolean(), true),
  bos_token_id: tokenId,
  eos_token_id: v.nullish(v.union([countOrZero, v.array(countOrZero)]), null),
};

/** Switches of the published code for paths that no released checkpoint takes and that this runtime does not implement. */
const OneValueOnly = {
  hidden_act: fixed("silu"),
  mlp_hidden_act: fixed("silu"),
  attn_hidden_size: fixed(-1),
  kq_norm: fixed("none"),
  kq_head_dim: fixed(-1),
  mamba_conv_bias: fixed(true),
  mamba_proj_bias: fixed(false),
  mamba_inner_layernorms: fixed(true),
  memory_tokens_interspersed_every: fixed(0),
  rope: fixed(true),
  num_experts: fixed(1),
  num_experts_per_tok: fixed(1),
  num_mamba: fixed(1),
  layer_type: v.optional(v.array(v.literal("h"))),
};

/** Keys without effect on inference with this runtime: bookkeeping, training, other code's switches, sizes that follow from others. */
const WITHOUT_EFFECT = [
  ..."architectures auto_map _name_or_path torch_dtype dtype transformers_version pad_token_id use_cache seq_length conv_dim"
    .split(" "),
  ..."v_head_dim attention_dropout initializer_range router_aux_loss_coef output_router_logits use_mamba_kernels"
    .split(" "),
  ..."attn_implementation attn_implementation_new kv_weight_reuse calc_logits_for_entire_prompt".split(" "),
] as const;

const Schema = v.strictObject(
  {
    ...WithEffect,
    ...OneValueOnly,
    ...Object.fromEntries(WITHOUT_EFFECT.map((key) => [key, v.optional(v.unknown())])),
  } as typeof WithEffect & typeof OneValueOnly,
);

type Published = v.InferOutput<typeof Schema>;

/**
 * Reads a published config.json.
 *
 * @throws {ConfigError} where a key is missing, unknown, out of range or asks for what is not implemented
 */
export function parseConfig(json: string): HymbaConfig {
  const c = validate(parseJson(json));
  const { dInner, headDim, vHeadDim } = widths(c);
  return {
    vocabSize: c.vocab_size,
    hiddenSize: c.hidden_size,
    intermediateSize: c.intermediate_size,
    numHeads: c.num_attention_heads,
    numKvHeads: c.num_key_value_heads,
    headDim,
    vHeadDim,
    dInner,
    dState: c.mamba_d_state,
    dConv: c.mamba_d_conv,
    dtRank: c.mamba_dt_rank === "auto" ? Math.ceil(c.hidden_size / 16) : c.mamba_dt_rank,
    numMetaTokens: c.num_memory_tokens,
    windowSize: c.sliding_window,
    windowRule: c.sliding_window_rule,
    rmsNormEps: c.rms_norm_eps,
    tieWordEmbeddings: c.tie_word_embeddings,
    maxPositionEmbeddings: c.max_position_embeddings,
    inverseFrequencies: inverseFrequencies(c, headDim),
    layers: planLayers({
      numLayers: c.num_hidden_layers,
      globalLayers: c.global_attn_idx,
      reuseGroups: c.kv_reuse_group ?? null,
      reuseEvery: c.kv_reuse_every_i_layer,
    }),
    bosTokenId: c.bos_token_id,
    eosTokenIds: c.eos_token_id === null ? [] : [c.eos_token_id].flat(),
  };
}

/**
 * A published config.json with the window rule marked in it, every other key as it was.
 *
 * @throws {ConfigError} where it cannot be used, as {@linkcode parseConfig} does
 */
export function markWindowRule(json: string, rule: WindowRule): string {
  const config = parseJson(json);
  validate(config);
  return JSON.stringify({ ...config as object, sliding_window_rule: rule }, null, 2);
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new ConfigError(
      `Cannot read config.json: ${(cause as Error).message}, expected a JSON object`,
      "Check that the file was downloaded whole",
      { cause },
    );
  }
}

function validate(value: unknown): Published {
  const result = v.safeParse(Schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  throw new ConfigError(
    `Cannot use config.json: ${path ? `"${path}"` : "the document"} is ${issue.received}, expected ${
      issue.expected ?? issue.message
    }`,
    "Check that this is the config.json of a Hymba checkpoint; a key or a value that the runtime does not know may change what the model computes",
  );
}

function widths(c: Published): Pick<HymbaConfig, "dInner" | "headDim" | "vHeadDim"> {
  const dInner = c.mamba_expand * c.hidden_size;
  const headDim = exactQuotient("hidden_size", c.hidden_size, "num_attention_heads", c.num_attention_heads);
  const vHeadDim = exactQuotient(
    "mamba_expand * hidden_size",
    dInner,
    "num_attention_heads",
    c.num_attention_heads,
  );
  exactQuotient("num_attention_heads", c.num_attention_heads, "num_key_value_heads", c.num_key_value_heads);
  exactQuotient("head width (hidden_size / num_attention_heads)", headDim, "RoPE's pairs of", 2);
  return { dInner, headDim, vHeadDim };
}

function exactQuotient(aName: string, a: number, bName: string, b: number): number {
  if (a % b === 0) return a / b;
  throw new ConfigError(
    `Cannot use config.json: ${aName} is ${a}, expected a multiple of ${bName} ${b}`,
    "Check that config.json belongs to this checkpoint",
  );
}

/** RoPE frequencies with the published static NTK rule (factor 2 at every length), or the plain ones. */
function inverseFrequencies(c: Published, headDim: number): Float64Array {
  const factor = 2;
  const stretch =
    (factor * c.max_position_embeddings) / (c.orig_max_position_embeddings ?? c.max_position_embeddings) -
    (factor - 1);
  if (c.rope_type === "ntk" && !(stretch > 0 && headDim > 2)) {
    throw new ConfigError(
      `Cannot use config.json: max_position_embeddings / orig_max_position_embeddings gives the NTK factor ${stretch} for heads of ${headDim}, expected a factor above 0 and heads wider than 2`,
      "Check the position keys of config.json",
    );
  }
  const base = c.rope_type === "ntk" ? c.rope_theta * power(stretch, headDim / (headDim - 2)) : c.rope_theta;
  return Float64Array.from({ length: headDim / 2 }, (_, i) => power(base, -2 * i / headDim));
}
