import { assert, assertEquals, assertRejects } from "@std/assert";
import OpenAI from "openai";
import { ENDLESS, generated, GREEDY, MESSAGES, model, PROMPT } from "./stories.ts";
import { TestServer } from "./test_server.ts";

Deno.test("/v1/models lists the model under its name", async () => {
  await using server = new TestServer(model);
  const client = server.client();
  assertEquals((await client.models.list()).data.map(({ id }) => id), ["stories"]);
  assertEquals((await client.models.retrieve("stories")).owned_by, "hymba");
  await assertRejects(() => client.models.retrieve("gpt"), OpenAI.NotFoundError);
});

Deno.test("/v1/completions gives the text that the model gives", async () => {
  await using server = new TestServer(model);
  const answer = await server.client().completions.create({ ...GREEDY, max_tokens: 24 });
  const [choice] = answer.choices;
  assertEquals(choice.text, await generated({ temperature: 0, maxTokens: 24 }));
  assertEquals([answer.object, choice.index, choice.finish_reason], ["text_completion", 0, "length"]);
  assertEquals(answer.usage, { prompt_tokens: 4, completion_tokens: 24, total_tokens: 28 });
});

Deno.test("/v1/completions generates 16 tokens unless told otherwise, as OpenAI does", async () => {
  await using server = new TestServer(model);
  assertEquals((await server.client().completions.create(GREEDY)).usage?.completion_tokens, 16);
});

Deno.test("/v1/completions streams the same text, a reason and the counts", async () => {
  await using server = new TestServer(model);
  const stream = await server.client().completions.create({
    ...{ ...GREEDY, max_tokens: 24, stream: true as const },
    stream_options: { include_usage: true },
  });
  let text = "";
  const reasons = [], usages = [];
  for await (const { choices, usage } of stream) {
    text += choices[0]?.text ?? "";
    if (choices[0]?.finish_reason) reasons.push(choices[0].finish_reason);
    if (usage) usages.push(usage.completion_tokens);
  }
  assertEquals(text, await generated({ temperature: 0, maxTokens: 24 }));
  assertEquals([reasons, usages], [["length"], [24]]);
});

Deno.test("/v1/chat/completions answers a conversation, streamed and not", async () => {
  await using server = new TestServer(model);
  const body = { model: "stories", messages: MESSAGES, temperature: 0, max_completion_tokens: 20 };
  const answer = await server.client().chat.completions.create(body);
  const [{ message, finish_reason }] = answer.choices;
  assertEquals(message.content, await generated({ temperature: 0, maxTokens: 20 }));
  assertEquals([message.role, finish_reason, answer.object], ["assistant", "length", "chat.completion"]);
  const roles = [];
  let text = "";
  for await (const chunk of await server.client().chat.completions.create({ ...body, stream: true })) {
    if (chunk.choices[0].delta.role) roles.push(chunk.choices[0].delta.role);
    text += chunk.choices[0].delta.content ?? "";
    assertEquals(chunk.object, "chat.completion.chunk");
  }
  assertEquals([roles, text], [["assistant"], message.content]);
});

Deno.test("/v1/chat/completions puts text parts together, and takes the newer name of the system's role", async () => {
  await using server = new TestServer(model);
  const { chat } = server.client();
  const answer = await chat.completions.create({
    ...{ model: "stories", temperature: 0, max_tokens: 8 },
    messages: [
      { role: "developer", content: "Once upon" },
      { role: "user", content: [{ type: "text", text: " a" }, { type: "text", text: " time" }] },
    ],
  });
  assertEquals(answer.choices[0].message.content, await generated({ temperature: 0, maxTokens: 8 }));
});

Deno.test("Prompts may be token ids, or several of either", async () => {
  await using server = new TestServer(model);
  const { completions } = server.client();
  const ids = model.encode(PROMPT), text = await generated({ temperature: 0, maxTokens: 5 });
  const other = await generated({ temperature: 0, maxTokens: 5 }, "The cat");
  const texts = async (prompt: string[] | number[] | number[][]): Promise<string[]> =>
    (await completions.create({ ...GREEDY, prompt, max_tokens: 5 })).choices.map(({ text }) => text);
  assertEquals(await texts(ids), [text]);
  assertEquals(await texts([PROMPT, "The cat"]), [text, other]);
  assertEquals(await texts([ids, model.encode("The cat")]), [text, other]);
  const echoed = await completions.create({
    ...GREEDY,
    prompt: [PROMPT, "The cat"],
    max_tokens: 5,
    echo: true,
    n: 2,
  });
  assertEquals(echoed.choices.map(({ text }) => text), [
    ...[PROMPT + text, PROMPT + text, "The cat" + other, "The cat" + other],
  ]);
});

Deno.test("Without a prompt, the model begins by itself", async () => {
  await using server = new TestServer(model);
  const { choices, usage } = await server.client().completions.create({
    ...GREEDY,
    prompt: "",
    max_tokens: 5,
  });
  assertEquals(choices[0].text, await generated({ temperature: 0, maxTokens: 5 }, ""));
  assertEquals(usage?.prompt_tokens, 1);
});

Deno.test("The end of a story ends a chat that has no limit of its own", async () => {
  await using server = new TestServer(model);
  const { choices, usage } = await server.client().chat.completions.create({
    ...{ model: "stories", messages: MESSAGES, temperature: 0 },
  });
  assertEquals(choices[0].finish_reason, "stop");
  assert(usage!.completion_tokens < 2000);
});

Deno.test("Errors come as the client's own classes, with type, code and parameter", async () => {
  await using server = new TestServer(model, { keys: ["a-secret-key"] });
  const { completions } = server.client("a-secret-key");
  const missing = await assertRejects(
    () => completions.create({ ...GREEDY, model: "gpt" }),
    OpenAI.NotFoundError,
  );
  assertEquals([missing.code, missing.param, missing.type], [
    "model_not_found",
    "model",
    "invalid_request_error",
  ]);
  const bad = await assertRejects(() => completions.create({ ...GREEDY, top_p: 3 }), OpenAI.BadRequestError);
  assertEquals([bad.status, bad.param, bad.code], [400, "top_p", "invalid_value"]);
  const denied = await assertRejects(
    () => server.client("a-wrong-key").completions.create(GREEDY),
    OpenAI.AuthenticationError,
  );
  assertEquals([denied.code, denied.type], ["invalid_api_key", "authentication_error"]);
  assertEquals(server.faults, []);
});

Deno.test("A client that aborts stops its generation", async () => {
  await using server = new TestServer(model);
  const stream = await server.client().completions.create({ ...ENDLESS, max_tokens: 1500, stream: true });
  let tokens = 0;
  for await (const _ of stream) if (++tokens === 5) break;
  await server.idle();
  // Beyond what the client read, what was generated until the system told of the closed connection.
  assert(await server.metric("hymba_generated_tokens_total") < 1000);
  const controller = new AbortController();
  const whole = server.client().completions.create({ ...ENDLESS, max_tokens: 1500 }, {
    signal: controller.signal,
  });
  while ((await server.health()).active === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  controller.abort();
  await assertRejects(() => whole, OpenAI.APIUserAbortError);
  await server.idle();
  assertEquals((await server.health()).stateBytes, 0);
});
