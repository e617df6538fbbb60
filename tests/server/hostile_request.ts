/** What a hostile request is, and the good ones that they are made from. */

/** One bad request. The body is sent as JSON unless it is a string or bytes already. */
export interface HostileRequest {
  readonly name: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly status: number;
  readonly code: string;
}

export const COMPLETIONS = "/v1/completions";
export const CHAT = "/v1/chat/completions";
export const GOOD = { model: "stories", prompt: "Once", max_tokens: 1 };
export const CHAT_GOOD = { model: "stories", messages: [{ role: "user", content: "Once" }], max_tokens: 1 };
