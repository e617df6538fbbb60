/** @file The body of POST /v1/completions. */
import * as v from "valibot";
import { badRequest } from "../api_error.ts";
import type { Prompt } from "../engine/engine.ts";
import { COMMON_FIELDS, integer, tokenCount } from "./fields.ts";
import { type GenerationRequest, generationRequest } from "./generation_request.ts";
import { parseRequest } from "./parse_request.ts";

/** OpenAI's default. */
const DEFAULT_MAX_TOKENS = 16;
const MAX_LOGPROBS = 5;

const ids = v.pipe(v.array(integer(0, 2 ** 31 - 1)), v.minLength(1));
const CompletionBody = v.strictObject({
  ...COMMON_FIELDS,
  prompt: v.nullish(
    v.union([
      v.string(),
      ids,
      v.pipe(v.array(v.string()), v.minLength(1)),
      v.pipe(v.array(ids), v.minLength(1)),
    ]),
  ),
  max_tokens: tokenCount,
  logprobs: v.nullish(integer(0, MAX_LOGPROBS)),
  echo: v.nullish(v.boolean()),
});

/**
 * Reads the body of a completion.
 *
 * @throws {ApiError} naming the first field that does not fit
 */
export function completionRequest(json: unknown, contextTokens: number): GenerationRequest {
  const body = parseRequest(CompletionBody, json);
  const prompts = toPrompts(body.prompt ?? "");
  const parts = {
    kind: "text" as const,
    prompts,
    messages: null,
    maxTokens: body.max_tokens ?? DEFAULT_MAX_TOKENS,
    logprobs: body.logprobs ?? null,
    echo: body.echo ? echoOf(prompts, body.logprobs ?? null) : null,
  };
  return generationRequest(body, parts, contextTokens);
}

function toPrompts(prompt: string | number[] | string[] | number[][]): Prompt[] {
  if (typeof prompt === "string") return [{ kind: "text", text: prompt }];
  if (prompt.every((part) => typeof part === "number")) return [{ kind: "ids", ids: prompt }];
  return prompt.map((part) =>
    typeof part === "string" ? { kind: "text", text: part } : { kind: "ids", ids: part }
  );
}

function echoOf(prompts: readonly Prompt[], logprobs: number | null): string[] {
  if (logprobs !== null) {
    throw badRequest(
      '"echo" with "logprobs" is not supported, expected one of them',
      "unsupported_value",
      "echo",
    );
  }
  return prompts.map((prompt) => {
    if (prompt.kind === "text") return prompt.text;
    throw badRequest(
      '"echo" of token ids is not supported, expected a text as the prompt',
      "unsupported_value",
      "echo",
    );
  });
}
