import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import OpenAI from "openai";
import { loadModel } from "../../runtime/load_model.ts";
import type { GenerateOptions } from "../../runtime/generation_options.ts";
import { TestServer } from "./test_server.ts";

const model = await loadModel();
const PROMPT = "Once upon a time";
const MESSAGES = [{ role: "user" as const, content: PROMPT }];
const WITHOUT_END = Object.fromEntries(model.eosTokenIds.map((id) => [id, -100]));
const GREEDY = { model: "stories", prompt: PROMPT, temperature: 0 };
const ENDLESS = { ...GREEDY, logit_bias: WITHOUT_END };

async function generated(options: GenerateOptions, prompt: string | number[] = PROMPT): Promise<string> {
  let text = "";
  for await (const token of model.generate(prompt, { topP: 1, ...options })) text += token.text;
  return text;
}

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

Deno.test("A seed gives the same text again, and each of n choices one of its own", async () => {
  await using server = new TestServer(model);
  const body = { model: "stories", prompt: PROMPT, max_tokens: 10, seed: 7, n: 3 };
  const [first, second] = [
    await server.client().completions.create(body),
    await server.client().completions.create(body),
  ];
  const texts = first.choices.map(({ text }) => text);
  assertEquals(texts, second.choices.map(({ text }) => text));
  assertEquals(new Set(texts).size, 3);
  assertEquals(texts[1], await generated({ temperature: 1, seed: 8, maxTokens: 10 }));
  assertEquals(first.usage, { prompt_tokens: 4, completion_tokens: 30, total_tokens: 34 });
  await server.client().completions.create({ ...body, seed: -5 });
});

Deno.test("A stop string ends the text before it, also in a stream", async () => {
  await using server = new TestServer(model);
  const whole = await generated({ temperature: 0, maxTokens: 60 });
  const stop = whole.slice(20, 26);
  const body = { ...GREEDY, max_tokens: 60, stop: ["never to be met", stop] };
  const { choices: [{ text, finish_reason }] } = await server.client().completions.create(body);
  assertEquals([text, finish_reason], [whole.slice(0, whole.indexOf(stop)), "stop"]);
  let streamed = "";
  for await (const chunk of await server.client().completions.create({ ...body, stream: true })) {
    streamed += chunk.choices[0].text;
  }
  assertEquals(streamed, text);
});

Deno.test("/v1/completions reports log-probabilities and where tokens begin", async () => {
  await using server = new TestServer(model);
  const { choices: [{ text, logprobs }] } = await server.client().completions.create({
    ...{ ...GREEDY, max_tokens: 12, logprobs: 3 },
  });
  const { tokens = [], token_logprobs = [], top_logprobs = [], text_offset = [] } = logprobs!;
  assertEquals(tokens.join(""), text);
  tokens.forEach((token, i) => {
    assertEquals(text.slice(text_offset[i], text_offset[i] + token.length), token);
    assertEquals(Object.keys(top_logprobs[i]).length, 3);
    assertEquals(Object.keys(top_logprobs[i])[0], token); // greedy takes the best
    assertEquals(top_logprobs[i][token], token_logprobs[i]);
  });
  const ids = model.encode(PROMPT);
  const logits = (await model.logits(ids)).subarray(-model.config.vocabSize);
  const max = Math.max(...logits);
  const expected = -Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - max), 0));
  assertAlmostEquals(token_logprobs[0]!, expected, 1e-4);
});

Deno.test("/v1/chat/completions reports log-probabilities in its own form, the same in a stream", async () => {
  await using server = new TestServer(model);
  const body = {
    ...{ model: "stories", messages: MESSAGES, max_tokens: 8, seed: 4 },
    ...{ logprobs: true, top_logprobs: 2 },
  };
  const { choices: [{ message, logprobs }] } = await server.client().chat.completions.create(body);
  const content = logprobs!.content!;
  assertEquals(content.map(({ token }) => token).join(""), message.content);
  for (const { bytes, token, top_logprobs } of content) {
    assertEquals(new TextDecoder().decode(Uint8Array.from(bytes!)), token);
    assertEquals(top_logprobs.length, 2);
  }
  const streamed = [];
  for await (const chunk of await server.client().chat.completions.create({ ...body, stream: true })) {
    streamed.push(...chunk.choices[0].logprobs?.content ?? []);
  }
  assertEquals(streamed, content);
});

Deno.test("logit_bias forbids and forces tokens; penalties keep from repeating", async () => {
  await using server = new TestServer(model);
  const { completions } = server.client();
  const [comma] = model.encode(",", { addSpecialTokens: false });
  const without = await completions.create({ ...GREEDY, max_tokens: 1, logit_bias: { [comma]: -100 } });
  assert(!without.choices[0].text.includes(","));
  const forced = { ...GREEDY, max_tokens: 6, logit_bias: { [comma]: 100 } };
  assertEquals((await completions.create(forced)).choices[0].text, ",,,,,,");
  const penalised = await completions.create({
    ...GREEDY,
    max_tokens: 80,
    frequency_penalty: 2,
    presence_penalty: 2,
  });
  const options = {
    temperature: 0,
    maxTokens: 80,
    frequencyPenalty: 2,
    presencePenalty: 2,
    penaltyWindow: 2048,
  };
  assertEquals(penalised.choices[0].text, await generated(options));
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

Deno.test("response_format makes the answer JSON of a schema, streamed and not", async () => {
  await using server = new TestServer(model);
  const schema = {
    type: "object",
    properties: {
      hero: { type: "string", maxLength: 12 },
      age: { type: "integer", minimum: 1, maximum: 99 },
      friends: { type: "array", items: { enum: ["cat", "dog"] }, minItems: 1, maxItems: 2 },
    },
    required: ["hero", "age", "friends"],
    additionalProperties: false,
  };
  const body = {
    ...{ model: "stories", messages: MESSAGES, max_tokens: 300, seed: 1 },
    response_format: { type: "json_schema" as const, json_schema: { name: "story", strict: true, schema } },
  };
  const { choices: [{ message, finish_reason }] } = await server.client().chat.completions.create(body);
  const { hero, age, friends, ...rest } = JSON.parse(message.content!);
  assert(hero.length <= 12 && age >= 1 && age <= 99 && friends.length <= 2);
  assertEquals([rest, finish_reason], [{}, "stop"]);
  let text = "";
  for await (const chunk of await server.client().chat.completions.create({ ...body, stream: true })) {
    text += chunk.choices[0].delta.content ?? "";
  }
  assertEquals(text, message.content);
});

Deno.test("response_format json_object makes the answer an object", async () => {
  await using server = new TestServer(model);
  // This model has never seen JSON, and would go on with names and strings until its tokens are used up.
  const endings = ["}", '"', "]"].flatMap((text) => model.encode(text, { addSpecialTokens: false }));
  const logit_bias = Object.fromEntries(endings.map((id) => [id, 6]));
  for (const seed of [1, 2, 3]) {
    const { choices: [{ message, finish_reason }] } = await server.client().chat.completions.create({
      ...{ model: "stories", messages: MESSAGES, max_tokens: 500, seed, logit_bias },
      response_format: { type: "json_object" },
    });
    assertEquals(finish_reason, "stop");
    assert(JSON.parse(message.content!).constructor === Object);
  }
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
