/** @file The fields that both kinds of completions share, and how they become options of the runtime. */
import * as v from "valibot";
import type { Job, ResponseFormat } from "../engine/engine.ts";

const MAX_STOPS = 4;
const MAX_STOP_UNITS = 1024;

const range = (min: number, max: number) => v.pipe(v.number(), v.minValue(min), v.maxValue(max));

/** An integer within a range. */
export const integer = (min: number, max: number) =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(min), v.maxValue(max));

/** A number of tokens; what the context allows is checked where it is known. */
export const tokenCount = v.nullish(integer(1, Number.MAX_SAFE_INTEGER));

/** A record accepts lists, too; this does not. */
const isNoList = v.check((value: unknown) => !Array.isArray(value));

const stop = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_STOP_UNITS));
const format = v.variant("type", [
  v.strictObject({ type: v.literal("text") }),
  v.strictObject({ type: v.literal("json_object") }),
  v.strictObject({
    type: v.literal("json_schema"),
    json_schema: v.strictObject({
      name: v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/)),
      description: v.nullish(v.string()),
      strict: v.nullish(v.boolean()),
      schema: v.unknown(),
    }),
  }),
]);

/** Fields of both kinds of completions, by OpenAI's names; top_k, min_p, repetition_penalty and session are ours. */
export const COMMON_FIELDS = {
  model: v.pipe(v.string(), v.maxLength(256)),
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(v.strictObject({
    include_usage: v.nullish(v.boolean()),
    include_obfuscation: v.nullish(v.boolean()),
  })),
  n: v.nullish(integer(1, 128)),
  temperature: v.nullish(range(0, 2)),
  top_p: v.nullish(range(0, 1)),
  presence_penalty: v.nullish(range(-2, 2)),
  frequency_penalty: v.nullish(range(-2, 2)),
  logit_bias: v.nullish(
    v.pipe(v.unknown(), isNoList, v.record(v.pipe(v.string(), v.regex(/^\d{1,10}$/)), range(-100, 100))),
  ),
  stop: v.nullish(v.union([stop, v.pipe(v.array(stop), v.maxLength(MAX_STOPS))])),
  seed: v.nullish(v.pipe(v.number(), v.safeInteger())),
  response_format: v.nullish(format),
  top_k: v.nullish(integer(0, 2 ** 31 - 1)),
  min_p: v.nullish(range(0, 1)),
  repetition_penalty: v.nullish(range(0.01, 100)),
  session: v.nullish(v.pipe(v.string(), v.maxLength(64))),
  // Without effect on what is generated.
  user: v.nullish(v.string()),
  metadata: v.nullish(v.record(v.string(), v.string())),
  store: v.nullish(v.boolean()),
  service_tier: v.nullish(v.string()),
  safety_identifier: v.nullish(v.string()),
  prompt_cache_key: v.nullish(v.string()),
};

/** The common fields as they come out of validation. */
export type CommonFields = v.InferOutput<v.StrictObjectSchema<typeof COMMON_FIELDS, undefined>>;

/** Below this the runtime takes no temperature but 0, and the text is the same. */
const MIN_TEMPERATURE = 0.001;

/** Sampling as the request asks for it, with OpenAI's defaults. */
export function samplingOptions(fields: CommonFields, penaltyWindow: number): Job["options"] {
  const { temperature, seed, stop } = fields;
  const options: Job["options"] = {
    temperature: temperature === 0 || (temperature ?? 1) < MIN_TEMPERATURE ? 0 : temperature ?? 1,
    topP: fields.top_p ?? 1,
    topK: fields.top_k ?? 0,
    minP: fields.min_p ?? 0,
    presencePenalty: fields.presence_penalty ?? 0,
    frequencyPenalty: fields.frequency_penalty ?? 0,
    repetitionPenalty: fields.repetition_penalty ?? 1,
    penaltyWindow,
    logitBias: fields.logit_bias ?? {},
    stop: stop ?? [],
  };
  if (seed === null || seed === undefined) return options;
  // OpenAI's seeds may be negative, the runtime's may not.
  return { ...options, seed: seed < 0 ? seed + Number.MAX_SAFE_INTEGER : seed };
}

/** What the text has to be. */
export function responseFormat({ response_format: format }: CommonFields): ResponseFormat {
  if (format?.type === "json_object") return { kind: "json" };
  if (format?.type === "json_schema") return { kind: "schema", schema: format.json_schema.schema };
  return { kind: "text" };
}
