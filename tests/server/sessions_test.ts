import { assert, assertEquals } from "@std/assert";
import { decodeRecord, encodeRecord } from "../../server/sessions/session_record.ts";
import { MemorySessionStore } from "../../server/stores/memory_store.ts";
import { complete, type Json, newSession, SAMPLING } from "./session_requests.ts";
import { model, PROMPT, WITHOUT_END } from "./stories.ts";
import { TestServer } from "./test_server.ts";

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
    const _ of direct.generate({ temperature: 1, topP: 1, seed: 12, maxTokens: 20, logitBias: WITHOUT_END })
  );
  await direct.append(" But then");
  let text = "";
  for await (const token of direct.generate({ temperature: 0, maxTokens: 20, logitBias: WITHOUT_END })) {
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
  for await (const token of model.chat(messages, { temperature: 0, maxTokens: 15, logitBias: WITHOUT_END })) {
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

/** Once told to, lets its next two readers go on only when both have read. */
class MeetingStore extends MemorySessionStore {
  readonly #met = Promise.withResolvers<void>();
  #awaited: number | null = null;

  meet(): void {
    this.#awaited = 2;
  }

  override async load(id: string): ReturnType<MemorySessionStore["load"]> {
    const stored = await super.load(id);
    if (this.#awaited === null) return stored;
    if (--this.#awaited === 0) this.#met.resolve();
    await this.#met.promise;
    return stored;
  }
}

Deno.test("Two servers on one store do not overwrite each other's session", async () => {
  const sessions = new MeetingStore();
  await using one = new TestServer(model, { sessions });
  await using two = new TestServer(model, { sessions });
  const session = await newSession(one);
  sessions.meet();
  const body = { ...SAMPLING, session, prompt: PROMPT, max_tokens: 30 };
  const answers = await Promise.all([one, two].map((server) => server.post("/v1/completions", body)));
  const outcomes = await Promise.all(
    answers.map(async (answer) => (await answer.json()).error?.code ?? "ok"),
  );
  assertEquals(outcomes.sort(), ["ok", "session_conflict"]);
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
