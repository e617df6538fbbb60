/** @file The state of a chat: what has been said, and a session that has read it. Commands of the chat act on it. */
import type { ChatMessage, ChatTemplate } from "../runtime/chat.ts";
import type { GenerateOptions, GenerationSummary, Token } from "../runtime/generation_options.ts";
import type { Model } from "../runtime/model.ts";
import type { Session } from "../runtime/session.ts";
import type { ChatPoint } from "./chat_point.ts";
import { decodeChatPoint, encodeChatPoint } from "./chat_file.ts";

/** A private-use character, which no template writes by itself. */
const PROBE = "\uE000";

/** States that are kept for going back, each as large as a session. */
const MAX_PAST = 4;

const BEGINNING: ChatPoint = { messages: [], session: null, transcript: "" };

/** A conversation with a model. A turn costs what is new in it, however long the conversation is: a session has read the rest. */
export class Conversation implements AsyncDisposable {
  readonly #model: Model;
  readonly #template: ChatTemplate;
  readonly #options: GenerateOptions;
  #now: ChatPoint = BEGINNING;
  /** The points before the last turns, the latest last. */
  #past: ChatPoint[] = [];
  readonly #named = new Map<string, ChatPoint>();
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

  /** What was said. */
  get messages(): readonly ChatMessage[] {
    return this.#now.messages;
  }

  /** Names of the points that {@linkcode Conversation.keep} has kept. */
  get names(): readonly string[] {
    return [...this.#named.keys()];
  }

  /**
   * Says something and streams the reply. An aborted reply counts as said as far as it came. The conversation stays as before when
   * the reader leaves, on an error, and when the signal is aborted before the reply begins, which throws its reason.
   */
  async *reply(content: string, options: GenerateOptions = {}): AsyncGenerator<Token, GenerationSummary> {
    const before = this.#now;
    const messages: ChatMessage[] = [...before.messages, { role: "user", content }];
    const prompt = this.#template.render(messages);
    const known = prompt.startsWith(before.transcript) ? before.session : null;
    const session = known === null ? await this.#model.createSession() : await known.fork();
    let unused: Session | null = session;
    try {
      const ids = known === null
        ? this.#model.encode(prompt, { addSpecialTokens: false })
        : this.#model.encode(prompt.slice(before.transcript.length), { continuation: true });
      await session.append(ids, options);
      let reply = "";
      const generation = session.generate({ ...this.#options, ...options });
      const summary = yield* tap(generation, ({ text }) => reply += text);
      this.#lastSummary = summary;
      const said = [...messages, { role: "assistant", content: reply } as const];
      const { finishReason } = summary;
      const isRead = finishReason === "eos" || finishReason === "length"; // else the session has more than the reply shows
      if (isRead) unused = null;
      await this.#advance(
        isRead ? { messages: said, session, transcript: prompt + reply } : { ...before, messages: said },
      );
      return summary;
    } finally {
      await unused?.[Symbol.asyncDispose]();
    }
  }

  /** Takes back the last turns, each a message and its reply; gives how many there were to take back. */
  async rewind(turns: number): Promise<number> {
    const count = Math.min(turns, this.#now.messages.length / 2);
    const messages = this.#now.messages.slice(0, this.#now.messages.length - 2 * count);
    const dropped = [this.#now];
    while (this.#past.length > 0 && this.#past.at(-1)!.messages.length > messages.length) {
      dropped.push(this.#past.pop()!);
    }
    // What is older than the points that are kept is read again with the next message.
    this.#now = count === 0 ? dropped.shift()! : { ...this.#past.pop() ?? BEGINNING, messages };
    await this.#dispose(dropped);
    return count;
  }

  /** Keeps this point under a name, to come back to; a point of that name before is forgotten. */
  async keep(name: string): Promise<void> {
    const former = this.#named.get(name);
    this.#named.set(name, await copyOf(this.#now));
    if (former) await this.#dispose([former]);
  }

  /** Goes to a point that was kept, which stays; false where there is none of that name. */
  async goTo(name: string): Promise<boolean> {
    const point = this.#named.get(name);
    if (point !== undefined) await this.#replace(await copyOf(point));
    return point !== undefined;
  }

  /** This point as bytes. */
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    return await encodeChatPoint(this.#now);
  }

  /**
   * Goes to a point that was saved.
   *
   * @throws {WeightsError} where the bytes are damaged, or of another model; the conversation stays as it is
   */
  async load(bytes: Uint8Array): Promise<void> {
    await this.#replace(await decodeChatPoint(bytes, this.#model));
  }

  /** Forgets everything that was said; points that were kept stay. */
  async reset(): Promise<void> {
    await this.#replace(BEGINNING);
  }

  /** Frees the sessions. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#replace(BEGINNING);
    const named = [...this.#named.values()];
    this.#named.clear();
    await this.#dispose(named);
  }

  async #advance(next: ChatPoint): Promise<void> {
    this.#past.push(this.#now);
    this.#now = next;
    await this.#dispose(this.#past.splice(0, this.#past.length - MAX_PAST));
  }

  async #replace(next: ChatPoint): Promise<void> {
    const dropped = [this.#now, ...this.#past];
    this.#now = next;
    this.#past = [];
    await this.#dispose(dropped);
  }

  /** Frees the sessions of points, but for those that another point still has. */
  async #dispose(points: readonly ChatPoint[]): Promise<void> {
    const used = new Set([this.#now, ...this.#past, ...this.#named.values()].map(({ session }) => session));
    for (const { session } of points) {
      if (session !== null && !used.has(session)) await session[Symbol.asyncDispose]();
    }
  }
}

/** The same point, with a session of its own. */
async function copyOf(point: ChatPoint): Promise<ChatPoint> {
  return { ...point, session: await point.session?.fork() ?? null };
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
