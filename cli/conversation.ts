/** @file The state of a chat: what has been said, and a session that has read it. Commands of the chat act on it. */
import type { ChatMessage, ChatTemplate } from "../runtime/chat.ts";
import type { GenerateOptions, GenerationSummary, Token } from "../runtime/generation_options.ts";
import type { Model } from "../runtime/model.ts";
import type { Session } from "../runtime/session.ts";

/** A private-use character, which no template writes by itself. */
const PROBE = "\uE000";

/** A conversation with a model. A turn costs what is new in it, however long the conversation is: a session has read the rest. */
export class Conversation implements AsyncDisposable {
  readonly #model: Model;
  readonly #template: ChatTemplate;
  readonly #options: GenerateOptions;
  #messages: readonly ChatMessage[] = [];
  #session: Session | null = null;
  /** The text that the session has read; the beginning of the conversation's. */
  #transcript = "";
  #lastSummary: GenerationSummary | null = null;

  /** `options` hold for every reply. */
  constructor(model: Model, template: ChatTemplate, options: GenerateOptions) {
    this.#model = model;
    this.#template = template;
    this.#options = options;
  }

  /** Whether the template is the messages' plain text: the model continues a text instead of answering. */
  get isPlainText(): boolean {
    return this.#template.render([{ role: "user", content: PROBE }]) === PROBE;
  }

  /** How the last reply went; null before the first. */
  get lastSummary(): GenerationSummary | null {
    return this.#lastSummary;
  }

  /**
   * Says something and streams the reply. An aborted reply counts as said as far as it came. The conversation stays as before when
   * the reader leaves, on an error, and when the signal is aborted before the reply begins, which throws its reason.
   */
  async *reply(content: string, options: GenerateOptions = {}): AsyncGenerator<Token, GenerationSummary> {
    const messages: ChatMessage[] = [...this.#messages, { role: "user", content }];
    const prompt = this.#template.render(messages);
    const known = prompt.startsWith(this.#transcript) ? this.#session : null;
    const session = known === null ? await this.#model.createSession() : await known.fork();
    let unused: Session | null = session;
    try {
      const ids = known === null
        ? this.#model.encode(prompt, { addSpecialTokens: false })
        : this.#model.encode(prompt.slice(this.#transcript.length), { continuation: true });
      await session.append(ids, options);
      let reply = "";
      const generation = session.generate({ ...this.#options, ...options });
      const summary = yield* tap(generation, ({ text }) => reply += text);
      this.#messages = [...messages, { role: "assistant", content: reply }];
      this.#lastSummary = summary;
      const { finishReason } = summary;
      if (finishReason === "eos" || finishReason === "length") { // else the session has more than the reply shows
        unused = this.#session;
        this.#session = session;
        this.#transcript = prompt + reply;
      }
      return summary;
    } finally {
      await unused?.[Symbol.asyncDispose]();
    }
  }

  /** Forgets everything that was said. */
  async reset(): Promise<void> {
    await this[Symbol.asyncDispose]();
    this.#messages = [];
    this.#transcript = "";
  }

  /** Frees the session. */
  async [Symbol.asyncDispose](): Promise<void> {
    const session = this.#session;
    this.#session = null;
    await session?.[Symbol.asyncDispose]();
  }
}

/** The same generation, each of its tokens shown to `see` first. */
async function* tap(
  tokens: AsyncGenerator<Token, GenerationSummary>,
  see: (token: Token) => void,
): AsyncGenerator<Token, GenerationSummary> {
  try {
    for (;;) {
      const next = await tokens.next();
      if (next.done) return next.value;
      see(next.value);
      yield next.value;
    }
  } finally {
    await tokens.return(undefined as never); // when the reader left: the generation ends here
  }
}
