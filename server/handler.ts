/** @file The server: requests in, responses out. Web APIs only, so that it runs wherever the runtime does. */
import type { Context } from "hono";
import { Hono } from "hono/tiny";
import { cors } from "hono/cors";
import { methodNotAllowed } from "hono/method-not-allowed";
import type { Model } from "../runtime/model.ts";
import { answer, resume } from "./answer.ts";
import { ApiError, badRequest } from "./api_error.ts";
import type { Engine } from "./engine/engine.ts";
import { LocalEngine } from "./engine/local_engine.ts";
import { BearerKeys } from "./http/bearer_keys.ts";
import { readJson } from "./http/read_json.ts";
import { type HandlerOptions, resolveOptions } from "./options.ts";
import { chatRequest } from "./requests/chat_request.ts";
import { completionRequest } from "./requests/completion_request.ts";
import { sessionRequest } from "./requests/session_request.ts";
import { ServerState } from "./server_state.ts";
import { describeRecord } from "./sessions/session_record.ts";
import { MemorySessionStore } from "./stores/memory_store.ts";

/** A server without its socket. */
export interface Handler extends AsyncDisposable {
  /** Answers one request; never rejects. */
  (request: Request): Promise<Response>;
  /**
   * Ends the server: new requests are refused, open ones may go on for `graceMs`, then they end with an error, and sessions are kept
   * so that their answers can be resumed.
   */
  drain(graceMs?: number): Promise<void>;
}

/** Milliseconds that open requests get when the server ends; with what they need to say goodbye, less than 5 seconds. */
const GRACE_MS = 2_500;

/**
 * An OpenAI-compatible server for one model: `/v1/chat/completions`, `/v1/completions`, `/v1/models`, sessions, `/health` and
 * `/metrics`.
 *
 * @param model a loaded model, or an engine that has one elsewhere; neither is disposed with the handler
 * @throws {ConfigError} for a bad option
 *
 * @example
 * ```ts
 * import { loadModel } from "@hymba/runtime";
 * import { createHandler } from "@hymba/runtime/server";
 *
 * const model = await loadModel();
 * const handler = createHandler(model, { keys: ["a-secret-key"] });
 * const response = await handler(new Request("http://localhost/health"));
 * console.log(await response.json());
 * ```
 */
export function createHandler(model: Model | Engine, options: HandlerOptions = {}): Handler {
  const engine = "facts" in model ? model : new LocalEngine(model, options);
  const server = new ServerState(
    engine,
    resolveOptions(options),
    options.sessions ?? new MemorySessionStore(),
  );
  const app = createApp(server);
  const handle = async (request: Request): Promise<Response> => await app.fetch(request);
  const drain = (graceMs = GRACE_MS): Promise<void> => server.drain(graceMs);
  return Object.assign(handle, { drain, [Symbol.asyncDispose]: () => drain(0) });
}

type App = Hono<{ Bindings: Record<string, never> }>;

function createApp(server: ServerState): App {
  const app: App = new Hono();
  const { options, metrics } = server;
  const keys = new BearerKeys(options.keys);
  app.use(async (context, next) => {
    await next();
    const path = context.res.status === 404 || context.res.status === 405
      ? "other"
      : context.req.path.replace(/(?:sess|snap)_[^/]*/, ":id");
    metrics.requests.add(1, { path, status: String(context.res.status) });
  });
  app.use(methodNotAllowed({ app, onMethodNotAllowed }));
  if (options.corsOrigins.length > 0) {
    const origin = options.corsOrigins.includes("*") ? "*" : [...options.corsOrigins];
    app.use(cors({ origin, allowMethods: ["GET", "POST", "DELETE"], maxAge: 600 }));
  }
  for (const path of ["/v1/*", "/metrics"]) {
    app.use(path, async (context, next) => {
      await keys.check(context.req.raw);
      await next();
    });
  }
  addInformation(app, server);
  addCompletions(app, server);
  addSessions(app, server);
  app.notFound(async ({ req }) => {
    return options.page && await pageAt(req.raw, req.path) || notFound(req.method, req.path).toResponse();
  });
  app.onError((error) => server.explain(error).toResponse());
  return app;
}

function addInformation(app: App, server: ServerState): void {
  const { options: { modelId }, created } = server;
  const model = { id: modelId, object: "model", created, owned_by: "hymba" };
  app.get("/v1/models", (context) => context.json({ object: "list", data: [model] }));
  app.get("/v1/models/:id", (context) => {
    if (context.req.param("id") === modelId) return context.json(model);
    throw new ApiError(`There is no model of that name, expected "${modelId}"`, {
      ...{ status: 404, type: "invalid_request_error", code: "model_not_found", param: "model" },
    });
  });
  app.get("/health", (context) => {
    const status = server.isDraining ? "draining" : "ok";
    return context.json({ status, model: modelId, ...server.engine.load }, server.isDraining ? 503 : 200);
  });
  app.get("/metrics", (context) => {
    return context.body(server.metrics.toText(), 200, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
    });
  });
}

function addCompletions(app: App, server: ServerState): void {
  const { contextTokens } = server.engine.facts;
  const routes = { "/v1/completions": completionRequest, "/v1/chat/completions": chatRequest };
  for (const [path, parse] of Object.entries(routes)) {
    app.post(path, async (context) => {
      const json = await readJson(context.req.raw, server.bodyLimits);
      return await answer(server, context.req.raw, parse(json, contextTokens));
    });
  }
}

function addSessions(app: App, server: ServerState): void {
  const { sessions } = server;
  app.post("/v1/sessions", async (context) => {
    const { from } = sessionRequest(await readJson(context.req.raw, server.bodyLimits));
    return context.json(describeRecord(await sessions.create(from)));
  });
  app.get(
    "/v1/sessions/:id",
    async (context) => context.json(describeRecord(await sessions.get(context.req.param("id")))),
  );
  app.delete("/v1/sessions/:id", async (context) => {
    const id = context.req.param("id");
    await sessions.delete(id);
    return context.json({ id, object: "session.deleted", deleted: true });
  });
  app.post("/v1/sessions/:id/snapshot", async (context) => {
    return context.json(describeRecord(await sessions.snapshot(context.req.param("id"))));
  });
  app.get("/v1/sessions/:id/stream", async (context) => {
    const after = context.req.query("after") ?? context.req.header("last-event-id") ?? "-1";
    if (!/^(?:-1|\d{1,9})$/.test(after)) {
      throw badRequest(
        `"after" is "${after.slice(0, 40)}", expected the index of a token`,
        "invalid_value",
        "after",
      );
    }
    return await resume(server, context.req.param("id"), Number(after));
  });
}

/** The web page's part in the answers; its files are loaded when somebody asks for them. */
async function pageAt(request: Request, path: string): Promise<Response | null> {
  const { servePage } = await import("./page/serve_page.ts");
  return await servePage(request, path.slice(1));
}

function onMethodNotAllowed({ req }: Context, allowed: readonly string[]): Response {
  const list = allowed.join(", ");
  const response = new ApiError(`There is no ${req.method} ${req.path.slice(0, 100)}, expected ${list}`, {
    ...{ status: 405, type: "invalid_request_error", code: "method_not_allowed" },
  }).toResponse();
  response.headers.set("allow", list);
  return response;
}

function notFound(method: string, path: string): ApiError {
  return new ApiError(
    `There is no ${method} ${path.slice(0, 100)}, expected a path of the API and its method`,
    {
      ...{ status: 404, type: "invalid_request_error", code: "unknown_url" },
    },
  );
}
