/** @file From a checked request to a response, streamed or whole. */
import type { FinishReason } from "../runtime/generation_options.ts";
import { streamResponse } from "./answer_stream.ts";
import { ApiError } from "./api_error.ts";
import type { EngineToken } from "./engine/engine.ts";
import type { RequestScope } from "./http/request_scope.ts";
import type { GenerationRequest } from "./requests/generation_request.ts";
import { ChatShape } from "./responses/chat_shape.ts";
import { CompletionShape } from "./responses/completion_shape.ts";
import type { AnswerHead, ResponseShape } from "./responses/response_shape.ts";
import type { ServerState } from "./server_state.ts";
import type { OpenSession } from "./sessions/session_manager.ts";
import { SessionTurn } from "./sessions/session_turn.ts";
import { Turn } from "./turn.ts";

/**
 * Answers a request to generate.
 *
 * @throws {ApiError} what is wrong before the first token; without a stream, until the last
 */
export async function answer(
  server: ServerState,
  request: Request,
  wanted: GenerationRequest,
): Promise<Response> {
  requireModel(server, wanted.model);
  return await scoped(server, async (scope) => {
    if (!wanted.isStreamed) scope.watch(request);
    const head = newHead(server, wanted);
    const session = wanted.session === null
      ? null
      : SessionTurn.begin(await openSession(server, scope, wanted.session, false), wanted, head);
    const turn = await startTurn(server, scope, session, session?.job ?? wanted.job);
    const shape = wanted.kind === "chat"
      ? new ChatShape(head, wanted.hasLogprobs)
      : new CompletionShape(head, { ...wanted, choices: wanted.job.choices });
    if (wanted.isStreamed) {
      const resumed = session && { tokens: [], finishReason: null, after: -1 };
      return streamResponse(server, scope, { shape, turn, includesUsage: wanted.includesUsage, resumed });
    }
    const object = await whole(turn, shape);
    scope[Symbol.dispose]();
    return Response.json(object);
  });
}

/**
 * Gives the rest of a session's last answer as a stream: the tokens after index `after` that are there, then those to come.
 *
 * @throws {ApiError} where there is no such session or answer
 */
export async function resume(server: ServerState, id: string, after: number): Promise<Response> {
  return await scoped(server, async (scope) => {
    const open = await openSession(server, scope, id, true);
    const { turn: record } = open.record;
    if (record === null) {
      throw new ApiError("The session has no answer yet, expected one that was begun", {
        ...{ status: 409, type: "invalid_request_error", code: "nothing_to_resume", param: "session" },
      });
    }
    const { kind, head, hasLogprobs, tokens, finishReason } = record;
    const shape = kind === "chat"
      ? new ChatShape(head, hasLogprobs)
      : new CompletionShape(head, { echo: null, hasLogprobs, choices: 1 });
    const session = finishReason === "abort" ? SessionTurn.resume(open, record) : null;
    const turn = session && await startTurn(server, scope, session, session.job);
    const resumed = { tokens, finishReason, after };
    return streamResponse(server, scope, { shape, turn, includesUsage: false, resumed });
  });
}

/** Opens a scope, which a stream disposes of at its end; an error disposes of it here. */
async function scoped(
  server: ServerState,
  respond: (scope: RequestScope) => Promise<Response>,
): Promise<Response> {
  const scope = server.open();
  try {
    return await respond(scope);
  } catch (error) {
    scope[Symbol.dispose]();
    throw error;
  }
}

async function startTurn(
  { engine, metrics }: ServerState,
  { signal }: RequestScope,
  session: SessionTurn | null,
  job: GenerationRequest["job"],
): Promise<Turn> {
  return await Turn.start({ engine, metrics, job, session, signal });
}

async function openSession(
  server: ServerState,
  scope: RequestScope,
  id: string,
  takeOver: boolean,
): Promise<OpenSession> {
  const open = await server.sessions.open(id, takeOver);
  scope.own(open);
  open.signal.addEventListener("abort", () => scope.abort(open.signal.reason));
  return open;
}

async function whole(turn: Turn, shape: ResponseShape): Promise<object> {
  const tokens: EngineToken[][] = Array.from({ length: turn.sequences }, () => []);
  const finishReasons: FinishReason[] = [];
  for await (const event of turn.events()) {
    if (event.kind === "token") tokens[event.sequence].push(event.token);
    else finishReasons[event.sequence] = event.finishReason;
  }
  const continuations = tokens.map((each, sequence) => ({
    text: each.map(({ text }) => text).join(""),
    tokens: each,
    finishReason: finishReasons[sequence],
  }));
  return shape.whole(continuations, turn.usage);
}

function requireModel({ options: { modelId } }: ServerState, model: string): void {
  if (model === modelId) return;
  throw new ApiError(`There is no model "${model}", expected "${modelId}"`, {
    ...{ status: 404, type: "invalid_request_error", code: "model_not_found", param: "model" },
  });
}

function newHead(server: ServerState, { kind, session }: GenerationRequest): AnswerHead {
  return {
    id: `${kind === "chat" ? "chatcmpl" : "cmpl"}-${crypto.randomUUID()}`,
    created: Math.floor(Date.now() / 1000),
    model: server.options.modelId,
    system_fingerprint: server.fingerprint,
    ...(session === null ? {} : { session }),
  };
}
