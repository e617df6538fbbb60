/** @file A token of the runtime -> one that explains itself on the HTTP side, where there is no vocabulary. */
import type { Token } from "../../runtime/generation_options.ts";
import type { Model } from "../../runtime/model.ts";
import type { EngineToken, TokenPiece } from "./engine.ts";

/** The token with its bytes, where it has log-probabilities. */
export function toEngineToken(model: Model, token: Token): EngineToken {
  const { id, index, text, logprob, topLogprobs = [] } = token;
  if (logprob === undefined || model.eosTokenIds.includes(id)) return { id, index, text };
  const piece = (each: { id: number; logprob: number }): TokenPiece => ({
    bytes: Array.from(model.tokenBytes(each.id)),
    logprob: each.logprob,
  });
  return { id, index, text, piece: { ...piece({ id, logprob }), top: topLogprobs.map(piece) } };
}
