/** @file Log-probabilities in the two forms that OpenAI's API has. */
import type { EngineToken, TokenPiece } from "../engine/engine.ts";

/** A token as a chat's log-probabilities show it. */
export interface ChatLogprob {
  readonly token: string;
  readonly logprob: number;
  /** The token's bytes, which need not be whole characters. */
  readonly bytes: readonly number[];
}

/** Log-probabilities of a chat. */
export interface ChatLogprobs {
  readonly content: readonly (ChatLogprob & { readonly top_logprobs: readonly ChatLogprob[] })[];
  readonly refusal: null;
}

/** Log-probabilities of a plain completion: four lists of the same length. */
export interface CompletionLogprobs {
  readonly tokens: readonly string[];
  readonly token_logprobs: readonly number[];
  readonly top_logprobs: readonly Readonly<Record<string, number>>[];
  /** Where each token begins in the text, in UTF-16 units. */
  readonly text_offset: readonly number[];
}

/** OpenAI's number for a token that cannot be: JSON has no infinity. */
const IMPOSSIBLE = -9999;

/** A chat's log-probabilities of some tokens. */
export function chatLogprobs(tokens: readonly EngineToken[]): ChatLogprobs {
  const content = tokens.flatMap(({ piece }) =>
    piece === undefined ? [] : [{ ...chatLogprob(piece), top_logprobs: piece.top.map(chatLogprob) }]
  );
  return { content, refusal: null };
}

function chatLogprob({ bytes, logprob }: TokenPiece): ChatLogprob {
  return { token: new TextDecoder().decode(Uint8Array.from(bytes)), logprob: finite(logprob), bytes };
}

/** Follows one text, to say where its tokens begin. */
export class CompletionLogprobWriter {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #offset = 0;

  /** The log-probabilities of the next tokens. */
  write(tokens: readonly EngineToken[]): CompletionLogprobs {
    const pieces = tokens.flatMap(({ piece }) => piece === undefined ? [] : [piece]);
    return {
      tokens: pieces.map(({ bytes }) => nameOf(bytes)),
      token_logprobs: pieces.map(({ logprob }) => finite(logprob)),
      top_logprobs: pieces.map(({ top }) =>
        Object.fromEntries(top.map(({ bytes, logprob }) => [nameOf(bytes), finite(logprob)]))
      ),
      text_offset: pieces.map(({ bytes }) => this.#advance(bytes)),
    };
  }

  #advance(bytes: readonly number[]): number {
    const start = this.#offset;
    this.#offset += this.#decoder.decode(Uint8Array.from(bytes), { stream: true }).length;
    return start;
  }
}

/** A token's text; of one that is not whole characters, its bytes, as OpenAI writes them. */
function nameOf(bytes: readonly number[]): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    return `bytes:${bytes.map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}`;
  }
}

function finite(logprob: number): number {
  return Number.isFinite(logprob) ? logprob : IMPOSSIBLE;
}
