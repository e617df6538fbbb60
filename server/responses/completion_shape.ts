/** @file Answers of /v1/completions. */
import type { FinishReason } from "../../runtime/generation_options.ts";
import type { EngineToken } from "../engine/engine.ts";
import { CompletionLogprobWriter } from "./logprobs.ts";
import {
  type AnswerHead,
  type Continuation,
  finishReasonOf,
  type ResponseShape,
  type Usage,
} from "./response_shape.ts";

/** What is asked of an answer's form. */
export interface CompletionForm {
  /** Text before each continuation, by prompt; null: none. */
  readonly echo: readonly string[] | null;
  readonly hasLogprobs: boolean;
  /** Continuations of each prompt. */
  readonly choices: number;
}

/** Objects of type `text_completion`. */
export class CompletionShape implements ResponseShape {
  readonly #head: AnswerHead;
  readonly #form: CompletionForm;
  readonly #writers: CompletionLogprobWriter[] = [];

  constructor(head: AnswerHead, form: CompletionForm) {
    this.#head = head;
    this.#form = form;
  }

  opening(sequence: number): object | null {
    const text = this.#echo(sequence);
    return text === ""
      ? null
      : this.#object([{ text, index: sequence, logprobs: null, finish_reason: null }]);
  }

  token(sequence: number, token: EngineToken): object | null {
    if (token.text === "" && token.piece === undefined) return null;
    const logprobs = this.#logprobs(sequence, [token]);
    return this.#object([{ text: token.text, index: sequence, logprobs, finish_reason: null }]);
  }

  end(sequence: number, finishReason: FinishReason): object {
    const finish_reason = finishReasonOf(finishReason);
    return this.#object([{ text: "", index: sequence, logprobs: null, finish_reason }]);
  }

  usage(usage: Usage): object {
    return { ...this.#object([]), usage };
  }

  whole(continuations: readonly Continuation[], usage: Usage): object {
    const choices = continuations.map(({ text, tokens, finishReason }, index) => ({
      text: this.#echo(index) + text,
      index,
      logprobs: this.#logprobs(index, tokens),
      finish_reason: finishReasonOf(finishReason),
    }));
    return { ...this.#object(choices), usage };
  }

  #echo(sequence: number): string {
    return this.#form.echo?.[Math.floor(sequence / this.#form.choices)] ?? "";
  }

  #logprobs(sequence: number, tokens: readonly EngineToken[]): object | null {
    if (!this.#form.hasLogprobs) return null;
    return (this.#writers[sequence] ??= new CompletionLogprobWriter()).write(tokens);
  }

  #object(choices: readonly object[]): object {
    return { ...this.#head, object: "text_completion", choices };
  }
}
