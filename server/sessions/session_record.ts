/** @file What is kept of a session between requests: its state, and what it takes to answer for it. */
import type { ChatMessage } from "../../runtime/chat.ts";
import type { FinishReason } from "../../runtime/generation_options.ts";
import { ApiError } from "../api_error.ts";
import type { EngineToken, ResponseFormat } from "../engine/engine.ts";
import type { AnswerHead } from "../responses/response_shape.ts";

/** The last answer of a session, as far as it came. */
export interface TurnRecord {
  readonly kind: "chat" | "text";
  readonly head: AnswerHead;
  readonly hasLogprobs: boolean;
  readonly format: ResponseFormat;
  /** Tokens of its prompt, and of the session before it. */
  readonly promptTokens: number;
  readonly cachedTokens: number;
  /** The text that a chat's session had read with the prompt. */
  readonly transcript: string | null;
  readonly tokens: readonly EngineToken[];
  /** "abort" where it was interrupted and can go on. */
  readonly finishReason: FinishReason;
}

/** A session's description. */
export interface SessionRecord {
  readonly id: string;
  /** A snapshot stays as it is; sessions can be forked from it. */
  readonly kind: "session" | "snapshot";
  /** Seconds since 1970. */
  readonly created: number;
  /** The session that it was forked from. */
  readonly parent: string | null;
  readonly model: string;
  /** Tokens in the state. */
  readonly tokens: number;
  /** The conversation; null: the session is no chat. */
  readonly chat: {
    readonly messages: readonly ChatMessage[];
    /** What the session has read; null: not just these messages, so that the next answer has to read them again. */
    readonly transcript: string | null;
  } | null;
  readonly turn: TurnRecord | null;
  /** A session snapshot of the runtime; null: nothing was said yet. */
  readonly state: Uint8Array<ArrayBuffer> | null;
}

/** Grows when records change so that older servers cannot read them. */
const FORMAT = 1;
const PREFIX_BYTES = 4;

/** The bytes of a record: the length of a JSON header, the header, the state. */
export function encodeRecord({ state, ...header }: SessionRecord): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(
    JSON.stringify({ format: FORMAT, hasState: state !== null, ...header }),
  );
  const bytes = new Uint8Array(PREFIX_BYTES + json.length + (state?.length ?? 0));
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, PREFIX_BYTES);
  if (state !== null) bytes.set(state, PREFIX_BYTES + json.length);
  return bytes;
}

/**
 * The record in some bytes. The state has a checksum of its own, which is checked when it is restored.
 *
 * @throws {ApiError} where they are damaged, or newer than this server
 */
export function decodeRecord(bytes: Uint8Array): SessionRecord {
  try {
    const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
    const json = new TextDecoder("utf-8", { fatal: true }).decode(
      bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length),
    );
    const { format, hasState, ...header } = JSON.parse(json);
    if (format === FORMAT) return { ...header, state: hasState ? bytes.slice(PREFIX_BYTES + length) : null };
  } catch (cause) {
    if (!(cause instanceof RangeError || cause instanceof SyntaxError || cause instanceof TypeError)) {
      throw cause;
    }
  }
  throw new ApiError(
    "The stored session cannot be read, expected one that this version of the server wrote",
    {
      ...{ status: 409, type: "invalid_request_error", code: "session_incompatible", param: "session" },
    },
  );
}

/** The record as the API shows it. */
export function describeRecord(record: SessionRecord): object {
  const { id, kind, created, parent, model, tokens, turn, state } = record;
  return {
    id,
    object: kind === "session" ? "session" : "session.snapshot",
    ...{ created, model, parent, tokens },
    state_bytes: state?.length ?? 0,
    last_answer: turn && {
      id: turn.head.id,
      tokens: turn.tokens.length,
      finish_reason: turn.finishReason === "abort" ? null : turn.finishReason,
    },
  };
}
