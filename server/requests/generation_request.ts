/** @file What both kinds of completions come to. */
import type { ChatMessage } from "../../runtime/chat.ts";
import { type ApiError, badRequest } from "../api_error.ts";
import type { Job, Prompt } from "../engine/engine.ts";
import { type CommonFields, responseFormat, samplingOptions } from "./fields.ts";

/** A request to generate, checked. */
export interface GenerationRequest {
  readonly kind: "chat" | "text";
  readonly model: string;
  readonly isStreamed: boolean;
  /** Whether a stream ends with the counts of tokens. */
  readonly includesUsage: boolean;
  /** Text that stands before each continuation, by prompt; null: it is not repeated. */
  readonly echo: readonly string[] | null;
  /** Whether log-probabilities are reported. */
  readonly hasLogprobs: boolean;
  /** Of a chat, the new messages. */
  readonly messages: readonly ChatMessage[] | null;
  /** The session to go on with; null: none. */
  readonly session: string | null;
  readonly job: Job;
}

/** What differs between the kinds. */
export interface GenerationParts {
  readonly kind: "chat" | "text";
  readonly prompts: readonly Prompt[];
  readonly messages: readonly ChatMessage[] | null;
  readonly maxTokens: number | null;
  readonly logprobs: number | null;
  readonly echo: readonly string[] | null;
}

/**
 * Puts the common fields and the parts of one kind together.
 *
 * @param contextTokens tokens that penalties look back at
 * @throws {ApiError} for fields that contradict each other
 */
export function generationRequest(
  fields: CommonFields,
  parts: GenerationParts,
  contextTokens: number,
): GenerationRequest {
  const { kind, messages, prompts, maxTokens, logprobs, echo } = parts;
  const choices = fields.n ?? 1, session = fields.session ?? null, isStreamed = fields.stream ?? false;
  if (fields.stream_options && !isStreamed) {
    throw badRequest('"stream_options" is there without "stream": true', "invalid_value", "stream_options");
  }
  if (session !== null && (choices > 1 || prompts.length > 1)) {
    throw oneSequence(choices > 1 ? "n" : "prompt");
  }
  const options = samplingOptions(fields, Math.min(contextTokens, 1_000_000));
  return {
    kind,
    model: fields.model,
    isStreamed,
    includesUsage: fields.stream_options?.include_usage ?? false,
    echo,
    hasLogprobs: logprobs !== null,
    messages,
    session,
    job: {
      prompts,
      choices,
      options: logprobs === null ? options : { ...options, logprobs },
      maxTokens,
      format: responseFormat(fields),
      session: null,
    },
  };
}

function oneSequence(param: string): ApiError {
  return badRequest(
    `A session goes on in one way at a time, expected one "${param}"`,
    "invalid_value",
    param,
  );
}
