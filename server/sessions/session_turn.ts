/** @file One answer within a session: where the session stands before, while and after it is generated. */
import type { ChatMessage } from "../../runtime/chat.ts";
import type { EngineEvent, EngineToken, Job, Prompt } from "../engine/engine.ts";
import type { GenerationRequest } from "../requests/generation_request.ts";
import type { AnswerHead } from "../responses/response_shape.ts";
import type { OpenSession } from "./session_manager.ts";
import type { SessionRecord, TurnRecord } from "./session_record.ts";

/** What of an answer is known before it begins. */
type Plan = Omit<TurnRecord, "promptTokens" | "cachedTokens" | "transcript" | "tokens" | "finishReason">;

/** An answer that becomes part of a session. */
export class SessionTurn {
  /** The request to the engine. */
  readonly job: Job;
  readonly #open: OpenSession;
  readonly #plan: Plan;
  /** The conversation up to the answer; null: it is no chat. */
  readonly #messages: readonly ChatMessage[] | null;
  readonly #tokens: EngineToken[];
  #promptTokens: number;
  #cachedTokens: number;
  #transcript: string | null;

  private constructor(
    open: OpenSession,
    plan: Plan,
    job: Job,
    messages: readonly ChatMessage[] | null,
    before: TurnRecord | null,
  ) {
    this.#open = open;
    this.#plan = plan;
    this.job = job;
    this.#messages = messages;
    this.#tokens = [...before?.tokens ?? []];
    this.#promptTokens = before?.promptTokens ?? 0;
    this.#cachedTokens = before?.cachedTokens ?? open.record.tokens;
    this.#transcript = before?.transcript ?? null;
  }

  /** An answer to a request. */
  static begin(open: OpenSession, request: GenerationRequest, head: AnswerHead): SessionTurn {
    const { state, tokens, chat } = open.record;
    const { kind, hasLogprobs, job } = request;
    const messages = request.messages && [...chat?.messages ?? [], ...request.messages];
    const prompts: readonly Prompt[] = messages === null
      ? job.prompts
      : [{ kind: "chat", messages, transcript: chat === null ? "" : chat.transcript }];
    const plan = { kind, head, hasLogprobs, format: job.format };
    return new SessionTurn(
      open,
      plan,
      { ...job, prompts, session: { state, tokens, resume: null } },
      messages,
      null,
    );
  }

  /** The rest of an answer that was interrupted. */
  static resume(open: OpenSession, turn: TurnRecord): SessionTurn {
    const { state, tokens, chat } = open.record;
    const { kind, head, hasLogprobs, format } = turn;
    const job: Job = {
      prompts: [],
      choices: 1,
      options: {},
      maxTokens: null,
      format,
      session: { state, tokens, resume: turn.tokens.map(({ id }) => id) },
    };
    return new SessionTurn(open, { kind, head, hasLogprobs, format }, job, chat?.messages ?? null, turn);
  }

  /** The answer's tokens so far. */
  get tokens(): readonly EngineToken[] {
    return this.#tokens;
  }

  /** Tokens of the prompt. */
  get promptTokens(): number {
    return this.#promptTokens;
  }

  /** Tokens that were in the session before the prompt. */
  get cachedTokens(): number {
    return this.#cachedTokens;
  }

  /** Takes note of what the engine made of the prompt. */
  accept({ promptTokens, transcript, continues }: EngineEvent & { kind: "accepted" }): void {
    if (this.job.prompts.length === 0) return;
    this.#promptTokens = promptTokens;
    this.#transcript = transcript;
    if (!continues) this.#cachedTokens = 0;
  }

  /** Takes note of a token. */
  add(token: EngineToken): void {
    this.#tokens.push(token);
  }

  /**
   * Keeps the session as the engine has it now.
   *
   * @throws {ApiError} where another server changed it in between
   */
  async save({ state, tokens, finishReason }: EngineEvent & { kind: "state" }): Promise<void> {
    const turn: TurnRecord = {
      ...this.#plan,
      promptTokens: this.#promptTokens,
      cachedTokens: this.#cachedTokens,
      transcript: this.#transcript,
      tokens: this.#tokens,
      finishReason,
    };
    await this.#open.save({ ...this.#open.record, state, tokens, turn, chat: this.#chat(finishReason) });
  }

  #chat(finishReason: TurnRecord["finishReason"]): SessionRecord["chat"] {
    if (this.#messages === null) return null;
    if (finishReason === "abort") return { messages: this.#messages, transcript: null };
    const content = this.#tokens.map(({ text }) => text).join("");
    // At a stop string the session has read more than the answer shows.
    const hasReadAnswer = this.#transcript !== null && finishReason !== "stop";
    return {
      messages: [...this.#messages, { role: "assistant", content }],
      transcript: hasReadAnswer ? this.#transcript + content : null,
    };
  }
}
