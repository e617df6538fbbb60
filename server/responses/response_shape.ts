/** @file How answers look: what chats and plain completions have in common. */
import type { FinishReason } from "../../runtime/generation_options.ts";
import type { EngineToken } from "../engine/engine.ts";

/** Counts of tokens, as OpenAI's API has them. */
export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  /** Of a session's tokens, those that were there before the request. */
  readonly prompt_tokens_details?: { readonly cached_tokens: number };
}

/** What all objects of one answer begin with. */
export interface AnswerHead {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
  readonly system_fingerprint: string;
  /** The session that the answer is part of. */
  readonly session?: string;
}

/** One whole continuation. */
export interface Continuation {
  readonly text: string;
  readonly tokens: readonly EngineToken[];
  readonly finishReason: FinishReason;
}

/** Turns tokens into the objects of one kind of answer. One for each answer: it counts along. */
export interface ResponseShape {
  /** What a stream begins with, for each sequence. */
  opening(sequence: number): object | null;
  /** A token's part of a stream; null where it has nothing to say yet. */
  token(sequence: number, token: EngineToken): object | null;
  /** The end of a sequence in a stream. */
  end(sequence: number, finishReason: FinishReason): object;
  /** The counts at the end of a stream. */
  usage(usage: Usage): object;
  /** An answer that is not streamed. */
  whole(continuations: readonly Continuation[], usage: Usage): object;
}

/** Why a sequence ended, in OpenAI's words. An aborted one ends with an error instead. */
export function finishReasonOf(reason: FinishReason): "stop" | "length" {
  return reason === "length" ? "length" : "stop";
}

/** The counts of tokens. `cached` of the prompt's tokens were in the session before; null: there is no session. */
export function usageOf(promptTokens: number, completionTokens: number, cached: number | null): Usage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    ...(cached === null ? {} : { prompt_tokens_details: { cached_tokens: cached } }),
  };
}
