/** @file An answer as it comes: chunks in server-sent events, `[DONE]` at the end, an error in place of it where one happens. */
import type { FinishReason } from "../runtime/generation_options.ts";
import type { EngineToken } from "./engine/engine.ts";
import { eventStreamResponse, type StreamEvent } from "./http/event_stream.ts";
import type { RequestScope } from "./http/request_scope.ts";
import type { ResponseShape } from "./responses/response_shape.ts";
import type { ServerState } from "./server_state.ts";
import type { Turn } from "./turn.ts";

/** What is streamed. */
export interface StreamPlan {
  readonly shape: ResponseShape;
  /** The generation; null: the answer is whole already. */
  readonly turn: Turn | null;
  /** Whether the counts of tokens come at the end. */
  readonly includesUsage: boolean;
  /** For a session: the answer's tokens that are there already, and the last index that the client has. Null: no session. */
  readonly resumed: {
    readonly tokens: readonly EngineToken[];
    readonly finishReason: FinishReason | null;
    readonly after: number;
  } | null;
}

const DONE: StreamEvent = { data: "[DONE]" };

/** The response that streams; it disposes of the scope at its end. */
export function streamResponse(server: ServerState, scope: RequestScope, plan: StreamPlan): Response {
  return eventStreamResponse(guarded(server, scope, plan), scope.signal, () => scope.leave());
}

async function* guarded(
  server: ServerState,
  scope: RequestScope,
  plan: StreamPlan,
): AsyncGenerator<StreamEvent, void> {
  using _ = scope;
  try {
    yield* events(plan);
  } catch (error) {
    yield { data: JSON.stringify(server.explain(error).body) };
  }
}

async function* events(
  { shape, turn, includesUsage, resumed }: StreamPlan,
): AsyncGenerator<StreamEvent, void> {
  const after = resumed?.after ?? -1;
  const numbered = (token: EngineToken, data: object): StreamEvent =>
    resumed === null ? { data: JSON.stringify(data) } : { id: token.index, data: JSON.stringify(data) };
  for (let sequence = 0; after < 0 && sequence < (turn?.sequences ?? 1); sequence++) {
    const opening = shape.opening(sequence);
    if (opening !== null) yield { data: JSON.stringify(opening) };
  }
  for (const token of resumed?.tokens ?? []) {
    const chunk = shape.token(0, token);
    if (chunk !== null && token.index > after) yield numbered(token, chunk);
  }
  for await (const event of turn?.events() ?? []) {
    if (event.kind === "end") yield { data: JSON.stringify(shape.end(event.sequence, event.finishReason)) };
    else {
      const chunk = shape.token(event.sequence, event.token);
      // What was generated after the last state that was kept is generated again, the same; the client may have it.
      if (chunk !== null && event.token.index > after) yield numbered(event.token, chunk);
    }
  }
  if (turn === null && resumed?.finishReason) {
    yield { data: JSON.stringify(shape.end(0, resumed.finishReason)) };
  }
  if (includesUsage && turn !== null) yield { data: JSON.stringify(shape.usage(turn.usage)) };
  yield DONE;
}
