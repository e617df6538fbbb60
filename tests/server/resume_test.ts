import { assert, assertEquals } from "@std/assert";
import { MemorySessionStore } from "../../server/stores/memory_store.ts";
import { complete, newSession, readStream, SAMPLING, wholeText } from "./session_requests.ts";
import { model, PROMPT } from "./stories.ts";
import { eventsOf, TestServer } from "./test_server.ts";

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
  await using server = new TestServer(model, { maxUnreadTokens: 4 });
  const session = await newSession(server);
  const body = { ...SAMPLING, session, prompt: PROMPT, max_tokens: 150, stream: true };
  const hanging = eventsOf(await server.direct("/v1/completions", body));
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

Deno.test("A generation that ended by itself cannot be resumed, but read; one that never began cannot be either", async () => {
  await using server = new TestServer(model);
  const session = await newSession(server);
  const nothing = await fetch(`${server.url}/v1/sessions/${session}/stream`);
  assertEquals([nothing.status, (await nothing.json()).error.code], [409, "nothing_to_resume"]);
  const { choices: [{ text }] } = await complete(server, { session, prompt: PROMPT, max_tokens: 5 });
  const read = await readStream(await fetch(`${server.url}/v1/sessions/${session}/stream?after=1`));
  assert(text.endsWith(read.text) && read.text.length < text.length);
});
