import { assert, assertEquals } from "@std/assert";
import { loadModel } from "../../runtime/load_model.ts";
import { eventsOf, TestServer } from "./test_server.ts";

const model = await loadModel();
const BODY = { model: "stories", prompt: "Once upon a time", temperature: 0 };

/** The text of a stream, its finish reason, and the error in it. */
async function readStream(
  response: Response,
): Promise<{ text: string; reason: string | null; error: string | null }> {
  let text = "", reason = null, error = null;
  for await (const { data } of eventsOf(response)) {
    if (data === "[DONE]") continue;
    const event = JSON.parse(data);
    text += event.choices?.[0]?.text ?? "";
    reason = event.choices?.[0]?.finish_reason ?? reason;
    error = event.error?.code ?? error;
  }
  return { text, reason, error };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

Deno.test("Many streams at once each get the text they would get alone", async () => {
  await using server = new TestServer(model, { maxSequences: 4, maxQueued: 100 });
  const texts = await Promise.all(Array.from({ length: 12 }, async (_, i) => {
    const body = { ...BODY, max_tokens: 10 + i, stream: true };
    return (await readStream(await server.post("/v1/completions", body))).text;
  }));
  const longest = texts.at(-1)!;
  texts.forEach((text) => assert(longest.startsWith(text) && text.length > 0));
  assertEquals(await server.metric('hymba_sequences_total{reason="length"}'), 12);
});

Deno.test("A full queue answers 429 and says when to come back, and what waits is served in time", async () => {
  await using server = new TestServer(model, { maxSequences: 1, maxQueued: 2 });
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => server.post("/v1/completions", { ...BODY, max_tokens: 8, stream: true })),
  );
  const refused = answers.filter(({ status }) => status === 429);
  assertEquals(refused.length, 5);
  for (const response of refused) {
    const seconds = Number(response.headers.get("retry-after"));
    assert(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60);
    const { error } = await response.json();
    assertEquals([error.type, error.code], ["rate_limit_error", "queue_full"]);
  }
  for (const response of answers.filter(({ status }) => status === 200)) {
    assertEquals((await readStream(response)).reason, "length");
  }
});

Deno.test("A slow reader pauses its own stream and no other", async () => {
  await using server = new TestServer(model, { maxSequences: 2, maxUnreadTokens: 4 });
  // A stream whose socket nobody reads. Its chunks are made long, so that the buffers of the connection fill up soon.
  const body = JSON.stringify({ ...BODY, max_tokens: 1500, stream: true, logprobs: 5, n: 1 });
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const head =
    `POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head + body));
  await until(async () => (await server.health()).active === 1);
  const other = await readStream(
    await server.post("/v1/completions", { ...BODY, max_tokens: 40, stream: true }),
  );
  assertEquals(other.reason, "length");
});

Deno.test("A response that is not read holds the engine at its bound, and goes on when it is read", async () => {
  const server = new TestServer(model, { maxUnreadTokens: 4 });
  await using _ = server;
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ ...BODY, max_tokens: 60, stream: true });
  const response = await server.handler(
    new Request("http://x/v1/completions", { method: "POST", headers, body }),
  );
  let before = -1;
  await until(async () => {
    const count = await server.metric("hymba_generated_tokens_total");
    const isStill = count === before;
    before = count;
    await new Promise((resolve) => setTimeout(resolve, 60));
    return isStill && count > 0;
  });
  // At most one event in the stream's own buffer, one on its way there; the rest waits in the engine.
  assert(before <= 3, `${before} tokens were taken`);
  assertEquals((await server.health()).active, 1);
  assertEquals((await readStream(response)).reason, "length");
});

Deno.test("A request that takes too long ends with a typed error, streamed and not", async () => {
  await using server = new TestServer(model, { requestTimeoutMs: 150 });
  const body = { ...BODY, max_tokens: 2000, logit_bias: { 0: -100 } };
  const response = await server.post("/v1/completions", body);
  assertEquals([response.status, (await response.json()).error.code], [408, "request_timeout"]);
  const { text, error } = await readStream(await server.post("/v1/completions", { ...body, stream: true }));
  assert(text.length > 0);
  assertEquals(error, "request_timeout");
  await server.idle();
});

Deno.test("Keys: /v1 and /metrics ask for one, /health does not, and every key of the list opens", async () => {
  await using server = new TestServer(model, { keys: ["first-key-123", "second-key-456"] });
  const status = async (path: string, authorization?: string): Promise<number> => {
    const response = await fetch(server.url + path, { headers: authorization ? { authorization } : {} });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await status("/health"), 200);
  for (const path of ["/v1/models", "/metrics", "/v1/nowhere"]) assertEquals(await status(path), 401, path);
  const wrong = [
    "Basic first-key-123",
    "Bearer",
    "Bearer ",
    "Bearer first-key-12",
    "Bearer first-key-1234",
    "first-key-123",
  ];
  for (const authorization of wrong) {
    assertEquals(await status("/v1/models", authorization), 401, authorization);
  }
  assertEquals(await status("/v1/models", "Bearer first-key-123"), 200);
  assertEquals(await status("/metrics", "bearer second-key-456"), 200);
  const refused = await fetch(`${server.url}/v1/models`);
  assertEquals(refused.headers.get("www-authenticate"), "Bearer");
  assertEquals((await refused.json()).error.type, "authentication_error");
});

Deno.test("CORS: no other page may use the server unless its origin is named", async () => {
  const ask = async (server: TestServer, origin: string): Promise<[string | null, string | null]> => {
    const headers = {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    };
    const preflight = await fetch(`${server.url}/v1/completions`, { method: "OPTIONS", headers });
    await preflight.body?.cancel();
    const plain = await fetch(`${server.url}/v1/models`, { headers: { origin } });
    await plain.body?.cancel();
    const name = "access-control-allow-origin";
    return [preflight.headers.get(name), plain.headers.get(name)];
  };
  await using closed = new TestServer(model);
  assertEquals(await ask(closed, "https://page.example"), [null, null]);
  await using open = new TestServer(model, { corsOrigins: ["https://page.example"], keys: ["some-key-123"] });
  assertEquals(await ask(open, "https://page.example"), ["https://page.example", "https://page.example"]);
  assertEquals(await ask(open, "https://other.example"), [null, null]);
});

Deno.test("Draining refuses new requests, lets short ones end, and ends long ones with an error", async () => {
  await using server = new TestServer(model, { maxUnreadTokens: 4 });
  const short = await server.direct("/v1/completions", { ...BODY, max_tokens: 40, stream: true });
  const long = await server.direct("/v1/completions", { ...BODY, max_tokens: 40, stream: true });
  const whole = server.direct("/v1/completions", { ...BODY, max_tokens: 1900, logit_bias: { 0: -100 } });
  assertEquals((await server.health()).active, 3);
  const drained = server.handler.drain(300);
  assertEquals((await readStream(short)).reason, "length");
  const refused = await server.post("/v1/completions", BODY);
  assertEquals([refused.status, (await refused.json()).error.code], [503, "shutting_down"]);
  assert(refused.headers.has("retry-after"));
  const health = await fetch(`${server.url}/health`);
  assertEquals([health.status, (await health.json()).status], [503, "draining"]);
  await drained;
  const { error, reason } = await readStream(long);
  assertEquals([error, reason], ["shutting_down", null]);
  assertEquals((await whole).status, 503);
});

Deno.test("/metrics is Prometheus text: each metric described, buckets cumulative", async () => {
  await using server = new TestServer(model);
  await (await server.post("/v1/completions", { ...BODY, max_tokens: 6 })).json();
  const response = await fetch(`${server.url}/metrics`);
  assertEquals(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const text = await response.text();
  const described = new Set(
    [...text.matchAll(/^# TYPE (\S+) (?:counter|gauge|histogram)$/gm)].map(([, name]) => name),
  );
  for (const line of text.trimEnd().split("\n")) {
    if (line.startsWith("#")) continue;
    const [, name, value] = /^([a-z_]+?)(?:_bucket|_sum|_count)?(?:\{[^}]*\})? (\S+)$/.exec(line) ?? [];
    assert(described.has(name), line);
    assert(Number.isFinite(Number(value)), line);
  }
  const buckets = [...text.matchAll(/hymba_inter_token_seconds_bucket\{le="([^"]+)"\} (\d+)/g)].map((
    [, , n],
  ) => Number(n));
  assertEquals(buckets, buckets.toSorted((a, b) => a - b));
  assertEquals(buckets.at(-1), 5);
  assertEquals(await server.metric("hymba_generated_tokens_total"), 6);
  assertEquals(await server.metric("hymba_prompt_tokens_total"), 4);
  assertEquals(await server.metric('hymba_requests_total{path="/v1/completions",status="200"}'), 1);
});
