import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { generated, GREEDY, MESSAGES, model, PROMPT } from "./stories.ts";
import { TestServer } from "./test_server.ts";

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
