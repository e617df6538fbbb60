/** @file The state of a chat: what has been said, and the model that answers. Commands of the chat act on it. */
import type { ChatMessage } from "../runtime/chat.ts";
import type { GenerateOptions, GenerationSummary, Token } from "../runtime/generation_options.ts";
import type { Model } from "../runtime/model.ts";

/** A private-use character, which no template writes by itself. */
const PROBE = "\uE000";

/** A conversation with a model, oldest message first. */
export class Conversation {
  readonly #model: Model;
  readonly #options: GenerateOptions;
  #messages: readonly ChatMessage[] = [];
  #lastSummary: GenerationSummary | null = null;

  /** `options` hold for every reply. */
  constructor(model: Model, options: GenerateOptions) {
    this.#model = model;
    this.#options = options;
  }

  /** Whether the model's template is the messages' plain text: it continues a text instead of answering. */
  get isPlainText(): boolean {
    return this.#model.chatTemplate?.render([{ role: "user", content: PROBE }]) === PROBE;
  }

  /** How the last reply went; null before the first. */
  get lastSummary(): GenerationSummary | null {
    return this.#lastSummary;
  }

  /**
   * Says something and streams the reply. What has come of a reply when it is left or aborted counts as said; after an
   * error the conversation is as before.
   */
  async *reply(content: string, options: GenerateOptions = {}): AsyncGenerator<Token, GenerationSummary> {
    const messages: ChatMessage[] = [...this.#messages, { role: "user", content }];
    let reply = "";
    const tokens = this.#model.chat(messages, { ...this.#options, ...options });
    try {
      for (;;) {
        const next = await tokens.next();
        if (next.done) return this.#lastSummary = next.value;
        reply += next.value.text;
        this.#messages = [...messages, { role: "assistant", content: reply }];
        yield next.value;
      }
    } finally {
      await tokens.return(undefined as never); // when the reader left: the generation ends here
    }
  }

  /** Forgets everything that was said. */
  reset(): void {
    this.#messages = [];
  }
}
