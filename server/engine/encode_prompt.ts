/** @file Prompts -> token ids, within the context. */
import { checkIds } from "../../runtime/check_ids.ts";
import type { Model } from "../../runtime/model.ts";
import type { EncodeOptions } from "../../runtime/tokenizer.ts";
import { badRequest } from "../api_error.ts";
import type { Job, Prompt } from "./engine.ts";

/** A prompt, ready for a session. */
export interface EncodedPrompt {
  readonly ids: readonly number[];
  /** What the session's conversation reads like with it; null for prompts that are no chat. */
  readonly transcript: string | null;
  /** Whether it goes behind what the session has, or stands for all of it. */
  readonly continues: boolean;
}

/** What a job comes to in tokens. */
export interface EncodedJob {
  readonly prompts: readonly EncodedPrompt[];
  /** Most tokens that each sequence generates. */
  readonly maxTokens: number;
}

/** How much longer than its tokens a text may be before normalisation, at most; a text beyond that is too long whatever it says. */
const NORMALISATION_SLACK = 4;

/** Encodes the prompts of one model's jobs. */
export class PromptEncoder {
  readonly #model: Model;
  readonly #contextTokens: number;
  #longestToken: number | null = null;

  /** @param contextTokens most tokens of prompt and answer together */
  constructor(model: Model, contextTokens: number) {
    this.#model = model;
    this.#contextTokens = contextTokens;
  }

  /**
   * Encodes a job's prompts.
   *
   * @throws {ApiError} where prompt and answer do not fit the context
   * @throws {ConfigError} for ids out of the vocabulary, or a chat without a template
   * @throws {TokenizerError} for text without a tokenizer, or messages that the template refuses
   */
  encode({ prompts, maxTokens, session }: Job): EncodedJob {
    const before = session?.tokens ?? 0;
    const encoded = prompts.map((prompt) => this.#encode(prompt, before === 0));
    const longest = Math.max(
      0,
      ...encoded.map(({ ids, continues }) => ids.length + (continues ? before : 0)),
    );
    const room = this.#contextTokens - (prompts.length === 0 ? before : longest);
    if (room < (maxTokens ?? 1)) throw this.#tooLong(this.#contextTokens - room, maxTokens);
    return { prompts: encoded, maxTokens: maxTokens ?? room };
  }

  #encode(prompt: Prompt, isFirst: boolean): EncodedPrompt {
    switch (prompt.kind) {
      case "ids":
        return this.#fromIds(Array.from(checkIds(prompt.ids, this.#model.config.vocabSize)), isFirst);
      case "text":
        return this.#fromIds(this.#ids(prompt.text, { continuation: !isFirst }), isFirst);
      case "chat":
        return this.#chat(prompt);
      default:
        throw prompt satisfies never;
    }
  }

  #fromIds(ids: readonly number[], isFirst: boolean): EncodedPrompt {
    const { bosTokenId } = this.#model.config;
    const isEmpty = isFirst && ids.length === 0;
    if (isEmpty && bosTokenId === null) {
      throw badRequest("The prompt is empty, expected at least one token", "invalid_value", "prompt");
    }
    return { ids: isEmpty ? [bosTokenId!] : ids, transcript: null, continues: true };
  }

  #chat({ messages, transcript }: Prompt & { kind: "chat" }): EncodedPrompt {
    const template = this.#model.chatTemplate;
    if (template === null) {
      throw badRequest(
        "This model has no chat template, expected a request to /v1/completions",
        "unsupported_value",
      );
    }
    const text = template.render(messages, { addGenerationPrompt: true });
    const continues = transcript !== null && text.startsWith(transcript);
    const ids = continues
      ? this.#ids(text.slice(transcript.length), { continuation: true })
      : this.#ids(text, { addSpecialTokens: false });
    return { ...this.#fromIds(ids, !continues), transcript: text, continues };
  }

  #ids(text: string, options: EncodeOptions): number[] {
    const bound = this.#contextTokens * this.#longest() * NORMALISATION_SLACK;
    if (text.length > bound) throw this.#tooLong(Math.ceil(text.length / this.#longest()), null);
    return this.#model.encode(text, options);
  }

  #longest(): number {
    if (this.#longestToken === null) {
      let longest = 1;
      for (let id = 0; id < this.#model.config.vocabSize; id++) {
        longest = Math.max(longest, this.#model.tokenBytes(id).length);
      }
      this.#longestToken = longest;
    }
    return this.#longestToken;
  }

  #tooLong(promptTokens: number, maxTokens: number | null): Error {
    const asked = maxTokens === null ? "" : ` and ${maxTokens} are asked for`;
    return badRequest(
      `The prompt has ${promptTokens} tokens${asked}, expected at most ${this.#contextTokens} together`,
      "context_length_exceeded",
      maxTokens !== null && maxTokens > this.#contextTokens ? "max_tokens" : null,
    );
  }
}
