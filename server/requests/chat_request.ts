/** @file The body of POST /v1/chat/completions. */
import * as v from "valibot";
import type { ChatMessage } from "../../runtime/chat.ts";
import { badRequest } from "../api_error.ts";
import { COMMON_FIELDS, integer, tokenCount } from "./fields.ts";
import { type GenerationRequest, generationRequest } from "./generation_request.ts";
import { parseRequest } from "./parse_request.ts";

const MAX_LOGPROBS = 20;

const text = v.strictObject({ type: v.literal("text"), text: v.string() });
const Message = v.strictObject({
  role: v.picklist(["system", "developer", "user", "assistant", "tool"]),
  content: v.union([v.string(), v.array(text)]),
  // Without effect: the template knows roles and contents.
  name: v.nullish(v.string()),
  refusal: v.nullish(v.string()),
  tool_call_id: v.nullish(v.string()),
});
const ChatBody = v.strictObject({
  ...COMMON_FIELDS,
  messages: v.pipe(v.array(Message), v.minLength(1)),
  max_tokens: tokenCount,
  max_completion_tokens: tokenCount,
  logprobs: v.nullish(v.boolean()),
  top_logprobs: v.nullish(integer(0, MAX_LOGPROBS)),
});

/**
 * Reads the body of a chat completion.
 *
 * @throws {ApiError} naming the first field that does not fit
 */
export function chatRequest(json: unknown, contextTokens: number): GenerationRequest {
  const body = parseRequest(ChatBody, json);
  const { max_tokens: old, max_completion_tokens: current, logprobs, top_logprobs: top } = body;
  if (typeof old === "number" && typeof current === "number" && old !== current) {
    throw badRequest(
      '"max_tokens" and "max_completion_tokens" differ, expected one of them',
      "invalid_value",
      "max_tokens",
    );
  }
  if (typeof top === "number" && !logprobs) {
    throw badRequest('"top_logprobs" is there without "logprobs": true', "invalid_value", "top_logprobs");
  }
  const messages = body.messages.map(toMessage);
  const parts = {
    kind: "chat" as const,
    prompts: [{ kind: "chat" as const, messages, transcript: null }],
    messages,
    maxTokens: current ?? old ?? null,
    logprobs: logprobs ? top ?? 0 : null,
    echo: null,
  };
  return generationRequest(body, parts, contextTokens);
}

function toMessage({ role, content }: v.InferOutput<typeof Message>): ChatMessage {
  return {
    role: role === "developer" ? "system" : role,
    content: typeof content === "string" ? content : content.map(({ text }) => text).join(""),
  };
}
