import { assert, assertEquals } from "@std/assert";
import { loadModel } from "../../runtime/load_model.ts";
import type { HostileRequest } from "./hostile_request.ts";
import { HOSTILE_REQUESTS } from "./hostile_requests.ts";
import { TestServer } from "./test_server.ts";

const model = await loadModel();
const encoder = new TextEncoder();

function send(
  server: TestServer,
  { path = "/v1/completions", method = "POST", headers, body }: HostileRequest,
): Promise<Response> {
  const isRaw = typeof body === "string" || body instanceof Uint8Array;
  return fetch(server.url + path, {
    method,
    headers: { ...(method === "GET" ? {} : { "content-type": "application/json" }), ...headers },
    body: body === undefined || isRaw ? body as BodyInit : JSON.stringify(body),
  });
}

/** The server still does what it is for. */
async function assertHealthy(server: TestServer): Promise<void> {
  assertEquals(server.faults, []);
  const { status, active, queued, stateBytes } = await server.health();
  assertEquals({ status, active, queued, stateBytes }, { status: "ok", active: 0, queued: 0, stateBytes: 0 });
  const answer = await server.post("/v1/completions", { model: "stories", prompt: "Once", max_tokens: 2 });
  assertEquals([answer.status, (await answer.json()).usage.completion_tokens], [200, 2]);
}

Deno.test("Every bad request gets a typed error in OpenAI's form, and the server stays healthy", async (test) => {
  assert(HOSTILE_REQUESTS.length >= 100, `${HOSTILE_REQUESTS.length} requests`);
  await using server = new TestServer(model);
  for (const request of HOSTILE_REQUESTS) {
    await test.step(request.name, async () => {
      const response = await send(server, request);
      const { error } = await response.json();
      assertEquals([response.status, error.code], [request.status, request.code], error.message);
      assertEquals(typeof error.type, "string");
      assert(error.message.length > 10 && error.message.length < 1000, `${error.message.length} characters`);
      assert(error.param === null || error.param.length < 300);
    });
  }
  await assertHealthy(server);
});

Deno.test("A bad request for a stream gets an error with its status, before any event", async () => {
  await using server = new TestServer(model);
  for (const request of HOSTILE_REQUESTS) {
    const { body, name } = request;
    if (body?.constructor !== Object || Object.hasOwn(body, "stream") || name.startsWith("stream")) {
      continue;
    }
    if (request.path?.includes("sessions")) continue;
    const response = await send(server, { ...request, body: { ...body, stream: true } });
    assertEquals([response.status, (await response.json()).error.code], [request.status, request.code], name);
  }
  await assertHealthy(server);
});

Deno.test("A form without a content type is refused, too", async () => {
  await using server = new TestServer(model);
  const response = await fetch(`${server.url}/v1/completions`, {
    method: "POST",
    body: Uint8Array.of(123, 125),
  });
  assertEquals([response.status, (await response.json()).error.code], [415, "unsupported_media_type"]);
});

Deno.test("A method that a path does not have is answered with those that it has, after a look at the key", async () => {
  await using server = new TestServer(model, { keys: ["secret-key"] });
  const cases = [
    ["GET", "/v1/completions", "POST"],
    ["PUT", "/v1/chat/completions", "POST"],
    ["POST", "/v1/models/any", "GET, HEAD"],
    ["PATCH", "/v1/sessions/sess_1", "GET, HEAD, DELETE"],
    ["OPTIONS", "/health", "GET, HEAD"],
  ] as const;
  const headers = { authorization: "Bearer secret-key" };
  for (const [method, path, allow] of cases) {
    const response = await fetch(server.url + path, { method, headers });
    const { error } = await response.json();
    assertEquals([response.status, response.headers.get("allow"), error.code], [
      ...[405, allow, "method_not_allowed"],
    ]);
  }
  const keyless = await fetch(`${server.url}/v1/completions`);
  assertEquals([keyless.status, (await keyless.json()).error.code], [401, "invalid_api_key"]);
  const metrics = await (await fetch(`${server.url}/metrics`, { headers })).text();
  assert(metrics.includes('{path="other",status="405"}'), metrics);
  assert(!metrics.includes("/v1/models/any"), "what clients make up is no label");
});

/** Sends bytes piece by piece over a connection of its own and gives what came back until the server closed, or `readUntil`. */
async function raw(
  server: TestServer,
  pieces: readonly (string | number)[],
  readUntil?: string,
): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const reading = readAll(connection, readUntil);
  for (const piece of pieces) {
    if (typeof piece === "number") await new Promise((resolve) => setTimeout(resolve, piece));
    else await connection.write(encoder.encode(piece)).catch(() => {}); // the server may have closed already
  }
  return await reading;
}

async function readAll(connection: Deno.Conn, readUntil = "\r\n\r\n"): Promise<string> {
  const decoder = new TextDecoder(), buffer = new Uint8Array(65536);
  let text = "";
  while (!text.includes(readUntil) || !/\}\s*(?:0\s*)?$/.test(text)) {
    const length = await connection.read(buffer).catch(() => null);
    if (length === null) break;
    text += decoder.decode(buffer.subarray(0, length), { stream: true });
    if (readUntil !== "\r\n\r\n" && text.includes(readUntil)) break;
  }
  return text;
}

function head(length: number | "chunked", more = ""): string {
  const framing = length === "chunked" ? "transfer-encoding: chunked" : `content-length: ${length}`;
  return `POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${framing}\r\n${more}\r\n`;
}

Deno.test("A body that does not come in time is answered, not waited for", async () => {
  await using server = new TestServer(model, { bodyTimeoutMs: 150 });
  const nothing = await raw(server, [head(1000)]);
  assert(nothing.startsWith("HTTP/1.1 408") && nothing.includes('"body_timeout"'), nothing);
  const dripping = await raw(server, [head(1000), "{", 40, '"', 40, "m", 40, "o", 40, "d", 40, "e"]);
  assert(dripping.startsWith("HTTP/1.1 408") && dripping.includes('"body_timeout"'), dripping);
  await assertHealthy(server);
});

Deno.test("A body that is longer than it says, or than allowed, is refused while it comes", async () => {
  await using server = new TestServer(model, { maxBodyBytes: 1000 });
  const chunk = `200\r\n${"a".repeat(512)}\r\n`;
  const endless = await raw(server, [head("chunked"), chunk, chunk, chunk]);
  assert(endless.startsWith("HTTP/1.1 413") && endless.includes('"body_too_large"'), endless);
  const declared = await raw(server, [head(5000), "{"]);
  assert(declared.startsWith("HTTP/1.1 413"), declared);
  await assertHealthy(server);
});

Deno.test("Connections that break off anywhere leave nothing behind", async () => {
  await using server = new TestServer(model);
  const body = JSON.stringify({ model: "stories", prompt: "Once", max_tokens: 1500, stream: true });
  const whole = head(body.length) + body;
  for (const length of [1, 40, head(body.length).length, head(body.length).length + 30]) {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await connection.write(encoder.encode(whole.slice(0, length)));
  }
  for (const marker of ["HTTP/1.1 200", "data: ", '"text":']) {
    const text = await raw(server, [whole], marker);
    assert(text.includes(marker), text);
  }
  await server.idle();
  await assertHealthy(server);
});

Deno.test("Bytes that are no HTTP do not disturb the server", async () => {
  await using server = new TestServer(model);
  const bad = [
    "\u0000\u0001\u0002",
    "GET\r\n\r\n",
    "POST / HTTP/9.9\r\n\r\n",
    "\u0016\u0003\u0001\u0002\u0000\u0001",
    "x".repeat(70_000),
  ];
  for (const text of bad) {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await connection.write(encoder.encode(text));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await assertHealthy(server);
});

Deno.test("Odd but right requests are answered", async () => {
  await using server = new TestServer(model);
  const good = { model: "stories", prompt: "Once", max_tokens: 1 };
  const bodies = [
    { ...good, prompt: "\ud800 lone" },
    { ...good, prompt: "\u0000\uffff" },
    { ...good, temperature: 0.0001 },
    { ...good, top_p: 0 },
    { ...good, logit_bias: {} },
    { ...good, seed: -1 },
    { ...good, seed: Number.MAX_SAFE_INTEGER, n: 2 },
    { ...good, seed: -Number.MAX_SAFE_INTEGER },
    { ...good, stop: null, user: null, suffix: null, best_of: 1, metadata: null, stream: null },
    { ...good, prompt: null },
    { ...good, logprobs: 0 },
  ];
  for (const body of bodies) {
    const answer = await server.post("/v1/completions", body);
    const { error, usage } = await answer.json();
    assertEquals([answer.status, usage?.completion_tokens > 0], [200, true], error?.message);
  }
});
