/** @file What the HTTP side asks of a model, as plain data, so that the model can live in this thread or in a worker. */
import type { ChatMessage } from "../../runtime/chat.ts";
import type { FinishReason, GenerateOptions } from "../../runtime/generation_options.ts";
import type { BackendReport } from "../../runtime/backend_report.ts";

/** What does not change while an engine lives. */
export interface EngineFacts {
  /** Which backend runs, and why that one; the one thing that changes, when a GPU is lost. */
  readonly backend: BackendReport;
  /** Token ids are below it. */
  readonly vocabSize: number;
  /** Most tokens of prompt and answer together. */
  readonly contextTokens: number;
  /** Most sequences that generate at a time. */
  readonly maxSequences: number;
}

/** What an engine has to do at a moment. */
export interface EngineLoad {
  /** Sequences that generate. */
  readonly active: number;
  /** Jobs that wait. */
  readonly queued: number;
  /** Bytes of state that sequences hold. */
  readonly stateBytes: number;
}

/** What a sequence begins with. */
export type Prompt =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "ids"; readonly ids: readonly number[] }
  | {
    readonly kind: "chat";
    readonly messages: readonly ChatMessage[];
    /** The text of the conversation that the session has read; null: the session is to begin anew. */
    readonly transcript: string | null;
  };

/** What the text has to be. */
export type ResponseFormat =
  | { readonly kind: "text" }
  | { readonly kind: "json" }
  | { readonly kind: "schema"; readonly schema: unknown };

/** A session that a job goes on with, as {@linkcode Session.snapshot} wrote it. */
export interface JobSession {
  /** Null: a new one. */
  readonly state: Uint8Array<ArrayBuffer> | null;
  /** Tokens in it. */
  readonly tokens: number;
  /** Go on with the interrupted generation, of which these ids are there. Null: append the prompt and generate anew. */
  readonly resume: readonly number[] | null;
}

/** A request to generate. */
export interface Job {
  /** One or more; none to resume a session. */
  readonly prompts: readonly Prompt[];
  /** Continuations of each prompt. */
  readonly choices: number;
  /** How to sample, and where to stop. */
  readonly options: Omit<GenerateOptions, "maxTokens" | "signal" | "constraint">;
  /** Null: until the context is full. */
  readonly maxTokens: number | null;
  /** What the text has to be. */
  readonly format: ResponseFormat;
  /** With one, there is one prompt at most and one choice. */
  readonly session: JobSession | null;
}

/** A token's bytes and probability. */
export interface TokenPiece {
  /** They need not be whole characters. */
  readonly bytes: readonly number[];
  /** Natural logarithm. */
  readonly logprob: number;
}

/** One generated token. */
export interface EngineToken {
  /** In the model's vocabulary. */
  readonly id: number;
  /** Counts from 0 in each generation. */
  readonly index: number;
  /** Text that became certain with it. */
  readonly text: string;
  /** Where log-probabilities were asked for, and the token is no end-of-text token. */
  readonly piece?: TokenPiece & { readonly top: readonly TokenPiece[] };
}

/** What happens while a job runs; sequences are numbered by prompt, then by choice. */
export type EngineEvent =
  | {
    /** The job waits for its turn, or runs. Always the first event. */
    readonly kind: "accepted";
    /** Tokens of all prompts. */
    readonly promptTokens: number;
    /** Most tokens that it will generate per sequence. */
    readonly maxTokens: number;
    /** The text that a chat's session will have read with this prompt; null for other prompts. */
    readonly transcript: string | null;
    /** Whether the session goes on, or begins anew because its text is not the beginning of this chat's. */
    readonly continues: boolean;
  }
  | {
    readonly kind: "token";
    readonly sequence: number;
    readonly token: EngineToken;
    /** Milliseconds since the token before, or since the job came. */
    readonly milliseconds: number;
  }
  | {
    /** The session, as it is now. Comes before the end that it was taken at. */
    readonly kind: "state";
    readonly state: Uint8Array<ArrayBuffer>;
    readonly tokens: number;
    readonly finishReason: FinishReason;
  }
  | { readonly kind: "end"; readonly sequence: number; readonly finishReason: FinishReason };

/** Generates. Several jobs may run at once. */
export interface Engine extends AsyncDisposable {
  /** What does not change while it lives, but for the backend, where a model moves from a lost one. */
  readonly facts: EngineFacts;
  /** What there is to do now. */
  readonly load: EngineLoad;
  /**
   * Starts a job. Aborting the signal ends it within one token of each of its sequences, with finish reason "abort"; events go on
   * until the last "end". Not reading the events pauses the job.
   *
   * @throws {ApiError} where the job asks for what cannot be, or the queue is full
   */
  run(job: Job, signal: AbortSignal): Promise<AsyncIterable<EngineEvent>>;
}
