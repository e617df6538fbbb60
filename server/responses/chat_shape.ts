/** @file Answers of /v1/chat/completions. */
import type { FinishReason } from "../../runtime/generation_options.ts";
import type { EngineToken } from "../engine/engine.ts";
import { chatLogprobs } from "./logprobs.ts";
import {
  type AnswerHead,
  type Continuation,
  finishReasonOf,
  type ResponseShape,
  type Usage,
} from "./response_shape.ts";

/** Objects of type `chat.completion`, and `chat.completion.chunk` in a stream. */
export class ChatShape implements ResponseShape {
  readonly #head: AnswerHead;
  readonly #hasLogprobs: boolean;

  constructor(head: AnswerHead, hasLogprobs: boolean) {
    this.#head = head;
    this.#hasLogprobs = hasLogprobs;
  }

  opening(sequence: number): object {
    return this.#chunk(sequence, { role: "assistant", content: "", refusal: null }, [], null);
  }

  token(sequence: number, token: EngineToken): object | null {
    if (token.text === "" && token.piece === undefined) return null;
    return this.#chunk(sequence, { content: token.text }, [token], null);
  }

  end(sequence: number, finishReason: FinishReason): object {
    return this.#chunk(sequence, {}, [], finishReasonOf(finishReason));
  }

  usage(usage: Usage): object {
    return { ...this.#head, object: "chat.completion.chunk", choices: [], usage };
  }

  whole(continuations: readonly Continuation[], usage: Usage): object {
    const choices = continuations.map(({ text, tokens, finishReason }, index) => ({
      index,
      message: { role: "assistant", content: text, refusal: null },
      logprobs: this.#hasLogprobs ? chatLogprobs(tokens) : null,
      finish_reason: finishReasonOf(finishReason),
    }));
    return { ...this.#head, object: "chat.completion", choices, usage };
  }

  #chunk(index: number, delta: object, tokens: readonly EngineToken[], finish_reason: string | null): object {
    const logprobs = this.#hasLogprobs && tokens.length > 0 ? chatLogprobs(tokens) : null;
    const choices = [{ index, delta, logprobs, finish_reason }];
    return { ...this.#head, object: "chat.completion.chunk", choices };
  }
}
