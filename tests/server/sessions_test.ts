import { assert, assertEquals } from "@std/assert";
import { loadModel } from "../../runtime/load_model.ts";
import { decodeRecord, encodeRecord } from "../../server/sessions/session_record.ts";
import { MemorySessionStore } from "../../server/stores/memory_store.ts";
import { eventsOf, TestServer } from "./test_server.ts";

const model = await loadModel();
const PROMPT = "Once upon a time";
/** Stories do not end by themselves here: the tests count tokens. */
const ENDLESS = Object.fromEntries(model.eosTokenIds.map((id) => [id, -100]));
const SAMPLING = { model: "stories", temperature: 1, seed: 12, logit_bias: ENDLESS };

/** JSON of an answer, whatever it is. */
// deno-lint-ignore no-explicit-any -- tests look into answers of many kinds
type Json = any;

async function newSession(server: TestServer, from?: string): Promise<string> {
  const { id } = await (await server.post("/v1/sessions", from === undefined ? {} : { from })).json();
  return id;
}

async function complete(server: TestServer, body: object): Promise<Json> {
  return await (await server.post("/v1/completions", { ...SAMPLING, ...body })).json();
}

/** Reads a stream of completions, and how far it came; `stopAt` leaves it after that token. */
async function readStream(
  response: Response,
  stopAt = Infinity,
): Promise<{ text: string; last: number; end: string }> {
  let text = "", last = -1, end = "";
  for await (const { id, data } of eventsOf(response)) {
    if (data === "[DONE]") break;
    const { choices: [choice], error } = JSON.parse(data);
    text += choice?.text ?? choice?.delta?.content ?? "";
    end = choice?.finish_reason ?? error?.code ?? end;
    if (id === null) continue;
    assert(Number(id) > last);
    last = Number(id);
    if (last >= stopAt) break;
  }
  return { text, last, end };
}

async function wholeText(maxTokens: number): Promise<string> {
  let text = "";
  for await (
    const token of model.generate(PROMPT, {
      temperature: 1,
      topP: 1,
      seed: 12,
      maxTokens,
      logitBias: ENDLESS,
    })
  ) {
    text += token.text;
  }
  return text;
}

Deno.test("/v1/sessions makes, shows and forgets sessions", async () => {
  await using server = new TestServer(model);
  const created: Json = await (await server.post("/v1/sessions", {})).json();
  assert(/^sess_[0-9a-f]{32}$/.test(created.id));
  assertEquals([created.object, created.tokens, created.state_bytes], ["session", 0, 0]);
  const path = `${server.url}/v1/sessions/${created.id}`;
  assertEquals(await (await fetch(path)).json(), created);
  assertEquals((await (await fetch(path, { method: "DELETE" })).json()).deleted, true);
  const gone = await fetch(path);
  assertEquals([gone.status, (await gone.json()).error.code], [404, "session_not_found"]);
});

Deno.test("A session goes on where it was, at the cost of what is new", async () => {
  await using server = new TestServer(model);
  const session = await newSession(server);
  const first = await complete(server, { session, prompt: PROMPT, max_tokens: 20 });
  assertEquals(first.session, session);
  assertEquals(first.usage.prompt_tokens_details, { cached_tokens: 0 });
  const second = await complete(server, { session, prompt: " But then", max_tokens: 20, temperature: 0 });
  assertEquals(second.usage, {
    ...{ prompt_tokens: 26, completion_tokens: 20, total_tokens: 46 },
    prompt_tokens_details: { cached_tokens: 24 },
  });
  await using direct = await model.createSession();
  await direct.append(PROMPT);
  for await (
    const _ of direct.generate({ temperature: 1, topP: 1, seed: 12, maxTokens: 20, logitBias: ENDLESS })
  );
  await direct.append(" But then");
  let text = "";
  for await (const token of direct.generate({ temperature: 0, maxTokens: 20, logitBias: ENDLESS })) {
    text += token.text;
  }
  assertEquals(second.choices[0].text, text);
});

Deno.test("A session that is forked goes on in two ways; a snapshot stays as it is", async () => {
  await using server = new TestServer(model);
  const session = await newSession(server);
  await complete(server, { session, prompt: PROMPT, max_tokens: 10 });
  const snapshot: Json = await (await server.post(`/v1/sessions/${session}/snapshot`, {})).json();
  assertEquals([snapshot.object, snapshot.parent, snapshot.tokens], ["session.snapshot", session, 14]);
  const fork = await newSession(server, session);
  const more = { prompt: " One day", max_tokens: 12 };
  const texts = [];
  for (const id of [session, fork, await newSession(server, snapshot.id)]) {
    texts.push((await complete(server, { ...more, session: id })).choices[0].text);
  }
  assertEquals(texts, [texts[0], texts[0], texts[0]]);
  const refused = await server.post("/v1/completions", { ...SAMPLING, ...more, session: snapshot.id });
  assertEquals([refused.status, (await refused.json()).error.code], [409, "session_is_snapshot"]);
});

Deno.test("A chat in a session takes the new messages only, and reads the others once", async () => {
  await using server = new TestServer(model);
  const session = await newSession(server);
  const chat = async (content: string): Promise<Json> => {
    const body = {
      ...SAMPLING,
      session,
      messages: [{ role: "user", content }],
      max_tokens: 15,
      temperature: 0,
    };
    return await (await server.post("/v1/chat/completions", body)).json();
  };
  const first = await chat(PROMPT);
  const second = await chat(" And then");
  assertEquals(second.usage.prompt_tokens_details.cached_tokens, first.usage.total_tokens);
  let text = "";
  const messages = [
    { role: "user" as const, content: PROMPT },
    { role: "assistant" as const, content: first.choices[0].message.content },
    { role: "user" as const, content: " And then" },
  ];
  for await (const token of model.chat(messages, { temperature: 0, maxTokens: 15, logitBias: ENDLESS })) {
    text += token.text;
  }
  assertEquals(second.choices[0].message.content, text);
});

Deno.test("A chat whose answer was cut at a stop string is read again, without what was cut", async () => {
  await using server = new TestServer(model);
  const session = await newSession(server);
  const body = { ...SAMPLING, session, temperature: 0, max_tokens: 40 };
  const first: Json = await (await server.post("/v1/chat/completions", {
    ...{ ...body, stop: ["."], messages: [{ role: "user", content: PROMPT }] },
  })).json();
  const second: Json = await (await server.post("/v1/chat/completions", {
    ...{ ...body, messages: [{ role: "user", content: ", who" }] },
  })).json();
  const { content } = first.choices[0].message;
  assertEquals(second.usage.prompt_tokens_details.cached_tokens, 0);
  assertEquals(second.usage.prompt_tokens, model.encode(`${PROMPT}${content}, who`).length);
});

for (const cut of [0, 40, 64]) {
  Deno.test(`A stream lost after token ${cut} goes on from there, and the text is the same`, async () => {
    await using server = new TestServer(model);
    const session = await newSession(server);
    const body = { ...SAMPLING, session, prompt: PROMPT, max_tokens: 90, stream: true };
    const lost = await readStream(await server.post("/v1/completions", body), cut);
    await server.idle();
    const rest = await fetch(`${server.url}/v1/sessions/${session}/stream?after=${lost.last}`);
    const { text, end } = await readStream(rest);
    assertEquals([lost.text + text, end], [await wholeText(90), "length"]);
    // Asked again from the beginning, it is all there.
    const again = await readStream(await fetch(`${server.url}/v1/sessions/${session}/stream`));
    assertEquals([again.text, again.end], [lost.text + text, "length"]);
  });
}

Deno.test("A stream goes on after Last-Event-ID, as browsers ask for it, and with a schema", async () => {
  await using server = new TestServer(model);
  const session = await newSession(server);
  const schema = { type: "array", items: { type: "integer" }, minItems: 12, maxItems: 12 };
  const body = {
    ...{ ...SAMPLING, session, messages: [{ role: "user", content: PROMPT }], max_tokens: 400, stream: true },
    logit_bias: {},
    response_format: { type: "json_schema", json_schema: { name: "numbers", schema } },
  };
  const lost = await readStream(await server.post("/v1/chat/completions", body), 9);
  const headers = { "last-event-id": String(lost.last) };
  const rest = await readStream(await fetch(`${server.url}/v1/sessions/${session}/stream`, { headers }));
  assertEquals(rest.end, "stop");
  assertEquals(JSON.parse(lost.text + rest.text).length, 12);
});

Deno.test("Resuming takes a session over from a connection that nobody noticed is gone", async () => {
  await using server = new TestServer(model);
  const session = await newSession(server);
  const body = { ...SAMPLING, session, prompt: PROMPT, max_tokens: 150, stream: true };
  const hanging = eventsOf(await server.post("/v1/completions", body));
  await hanging.next();
  const busy = await server.post("/v1/completions", { ...body, prompt: "" });
  assertEquals([busy.status, (await busy.json()).error.code], [409, "session_busy"]);
  const { text, end } = await readStream(await fetch(`${server.url}/v1/sessions/${session}/stream`));
  assertEquals([text, end], [await wholeText(150), "length"]);
  const codes = [];
  for await (const { data } of hanging) if (data.includes('"error"')) codes.push(JSON.parse(data).error.code);
  assertEquals(codes, ["session_taken_over"]);
});

Deno.test("A server that begins with another's store goes on with its sessions", async () => {
  const sessions = new MemorySessionStore();
  let session = "", lost = { text: "", last: -1 };
  {
    await using server = new TestServer(model, { sessions });
    session = await newSession(server);
    const body = { ...SAMPLING, session, prompt: PROMPT, max_tokens: 80, stream: true };
    lost = await readStream(await server.post("/v1/completions", body), 30);
  }
  await using server = new TestServer(model, { sessions });
  const rest = await readStream(
    await fetch(`${server.url}/v1/sessions/${session}/stream?after=${lost.last}`),
  );
  assertEquals(lost.text + rest.text, await wholeText(80));
});

Deno.test("A session that a dead server left behind its answer goes on to the same text", async () => {
  // The store keeps what was saved at the first token, as if the process had been killed before the next save.
  class FirstSave extends MemorySessionStore {
    #saves = 0;
    override async save(...args: Parameters<MemorySessionStore["save"]>): Promise<string> {
      return this.#saves++ < 2 ? await super.save(...args) : "never stored";
    }
  }
  const sessions = new FirstSave();
  await using server = new TestServer(model, { sessions });
  const session = await newSession(server);
  const body = { ...SAMPLING, session, prompt: PROMPT, max_tokens: 50, stream: true };
  const lost = await readStream(await server.post("/v1/completions", body), 25);
  await server.idle();
  const rest = await readStream(
    await fetch(`${server.url}/v1/sessions/${session}/stream?after=${lost.last}`),
  );
  assertEquals(lost.text + rest.text, await wholeText(50));
});

Deno.test("Two servers on one store do not overwrite each other's session", async () => {
  const sessions = new MemorySessionStore();
  await using one = new TestServer(model, { sessions });
  await using two = new TestServer(model, { sessions });
  const session = await newSession(one);
  const body = { ...SAMPLING, session, prompt: PROMPT, max_tokens: 30 };
  const answers = await Promise.all([one, two].map((server) => server.post("/v1/completions", body)));
  const outcomes = await Promise.all(
    answers.map(async (answer) => (await answer.json()).error?.code ?? "ok"),
  );
  assertEquals(outcomes.sort(), ["ok", "session_conflict"]);
});

Deno.test("A generation that ended by itself cannot be resumed, but read; one that never began cannot be either", async () => {
  await using server = new TestServer(model);
  const session = await newSession(server);
  const nothing = await fetch(`${server.url}/v1/sessions/${session}/stream`);
  assertEquals([nothing.status, (await nothing.json()).error.code], [409, "nothing_to_resume"]);
  const { choices: [{ text }] } = await complete(server, { session, prompt: PROMPT, max_tokens: 5 });
  const read = await readStream(await fetch(`${server.url}/v1/sessions/${session}/stream?after=1`));
  assert(text.endsWith(read.text) && read.text.length < text.length);
});

Deno.test("A damaged session is refused with a typed error, and the server goes on", async () => {
  const sessions = new MemorySessionStore();
  await using server = new TestServer(model, { sessions });
  const session = await newSession(server);
  await complete(server, { session, prompt: PROMPT, max_tokens: 2 });
  const stored = (await sessions.load(session))!;
  const damage = [
    (bytes: Uint8Array) => bytes.subarray(0, 3),
    (bytes: Uint8Array) => bytes.subarray(0, 60),
    (bytes: Uint8Array) => bytes.fill(0xff, 0, 8),
    (bytes: Uint8Array) => bytes.fill(0x7b, 10, 40),
    (bytes: Uint8Array) => bytes.fill(7, bytes.length - 9),
    (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 100),
  ];
  let { version } = stored;
  for (const change of damage) {
    version = await sessions.save(session, change(stored.bytes.slice()), { expectedVersion: version });
    const answer = await server.post("/v1/completions", { ...SAMPLING, session, prompt: "a", max_tokens: 2 });
    assertEquals(
      [answer.status, (await answer.json()).error.code],
      [409, "session_incompatible"],
      String(change),
    );
  }
  assertEquals(server.faults, []);
});

Deno.test("encodeRecord and decodeRecord keep a record", () => {
  const head = { id: "cmpl-1", created: 1, model: "stories", system_fingerprint: "x" };
  const record = {
    ...{
      id: `sess_${"0".repeat(32)}`,
      kind: "session" as const,
      created: 3,
      parent: null,
      model: "stories",
      tokens: 2,
    },
    chat: { messages: [{ role: "user" as const, content: "é😀" }], transcript: null },
    turn: {
      ...{ kind: "chat" as const, head, hasLogprobs: true, format: { kind: "text" as const } },
      ...{ promptTokens: 1, cachedTokens: 0, transcript: "t", finishReason: "abort" as const },
      tokens: [{ id: 5, index: 0, text: "x", piece: { bytes: [120], logprob: -0.5, top: [] } }],
    },
    state: Uint8Array.of(1, 2, 3),
  };
  assertEquals(decodeRecord(encodeRecord(record)), record);
  assertEquals(decodeRecord(encodeRecord({ ...record, state: null })), { ...record, state: null });
});
