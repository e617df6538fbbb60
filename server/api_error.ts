/** @file Errors as OpenAI's API has them. */
import { ConfigError, HymbaError, TokenizerError } from "../runtime/errors.ts";

/** Values of `error.type`. */
export type ApiErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "rate_limit_error"
  | "timeout_error"
  | "server_error";

/** What a client is told of an error. */
export interface ApiErrorInfo {
  /** HTTP status. */
  readonly status: number;
  readonly type: ApiErrorType;
  /** A word for programs, such as `model_not_found`. */
  readonly code: string;
  /** The field of the request that it is about, such as `messages[0].role`. */
  readonly param?: string | null;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter?: number;
}

/** The JSON body of an error response, and of an error within a stream. */
export interface ApiErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: ApiErrorType;
    readonly param: string | null;
    readonly code: string;
  };
}

/** An error that is meant for the client. */
export class ApiError extends Error {
  /** What a client is told besides the message. */
  readonly info: ApiErrorInfo;

  /** @param message what is wrong, then what was expected */
  constructor(message: string, info: ApiErrorInfo) {
    super(message);
    this.name = "ApiError";
    this.info = info;
  }

  /** The body that tells a client of it. */
  get body(): ApiErrorBody {
    const { type, code, param = null } = this.info;
    return { error: { message: this.message, type, param, code } };
  }

  /** The response that tells a client of it. */
  toResponse(): Response {
    const { status, retryAfter } = this.info;
    const headers = new Headers({ "content-type": "application/json" });
    if (retryAfter !== undefined) headers.set("retry-after", String(retryAfter));
    if (status === 401) headers.set("www-authenticate", "Bearer");
    return new Response(JSON.stringify(this.body), { status, headers });
  }
}

/** A request that cannot be served as it is: status 400. */
export function badRequest(message: string, code: string, param: string | null = null): ApiError {
  return new ApiError(message, { status: 400, type: "invalid_request_error", code, param });
}

/** The server ends: status 503. */
export function shuttingDown(): ApiError {
  return new ApiError("The server is shutting down, expected the request to another one or later", {
    ...{ status: 503, type: "server_error", code: "shutting_down", retryAfter: 5 },
  });
}

/**
 * What a client is told of anything thrown. The runtime's complaints about a request keep their words; faults of the server do not
 * show what is inside.
 */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof ConfigError || error instanceof TokenizerError) {
    return badRequest(`${error.message}. ${error.remedy}`, "invalid_value");
  }
  const message = error instanceof HymbaError
    ? `${error.message}. ${error.remedy}`
    : "The server failed at this request";
  return new ApiError(message, { status: 500, type: "server_error", code: "internal_error" });
}
