/** Generation as a caller sees it, on the default model: text, stops, aborts, summaries, memory. */
import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { type GenerateOptions, type GenerationSummary, loadModel, type Token } from "../../mod.ts";
import { ConfigError } from "../../runtime/errors.ts";

const PROMPT = "Once upon a time";
const GREEDY = { temperature: 0, maxTokens: 60 };

async function collect(
  generation: AsyncGenerator<Token, GenerationSummary>,
): Promise<{ tokens: Token[]; text: string; summary: GenerationSummary }> {
  const tokens: Token[] = [];
  for (;;) {
    const next = await generation.next();
    if (next.done) return { tokens, text: tokens.map(({ text }) => text).join(""), summary: next.value };
    tokens.push(next.value);
  }
}

Deno.test("Model.generate streams text that joins to the decoding of all its ids", async () => {
  await using model = await loadModel();
  for (const seed of [1, 2, 3, 4]) {
    const { tokens, text } = await collect(
      model.generate(PROMPT, { temperature: 2, topP: 1, seed, maxTokens: 80 }),
    );
    assertEquals(text, model.decode(tokens.map(({ id }) => id)));
    assertEquals(tokens.map(({ index }) => index), tokens.map((_, i) => i));
  }
});

Deno.test("Model.generate ends before a stop string, wherever tokens cut it, and never shows a part of it", async () => {
  await using model = await loadModel();
  const { text: whole } = await collect(model.generate(PROMPT, GREEDY));
  for (let start = 3; start < whole.length - 12; start += 5) {
    const stop = whole.slice(start, start + 9);
    const { text, summary } = await collect(
      model.generate(PROMPT, { ...GREEDY, stop: ["never said", stop] }),
    );
    assertEquals(text, whole.slice(0, whole.indexOf(stop)));
    assertEquals([summary.finishReason, summary.stop], ["stop", stop]);
  }
});

Deno.test("Model.generate reports counts, rates and why it ended", async () => {
  await using model = await loadModel();
  const { tokens, summary } = await collect(model.generate(PROMPT, { ...GREEDY, maxTokens: 5 }));
  assertEquals([summary.finishReason, summary.promptTokens, summary.generatedTokens], ["length", 4, 5]);
  assertEquals(tokens.length, 5);
  assertGreater(summary.decodeTokensPerSecond!, 0);
  assertGreater(summary.stateBytes, 0);
  const story = await collect(model.generate(PROMPT, { ...GREEDY, maxTokens: 1000 }));
  assertEquals(story.summary.finishReason, "eos");
  assertEquals(story.tokens.at(-1)?.id, 0);
});

Deno.test("Model.generate ends with reason abort at any moment, the prompt included", async () => {
  await using model = await loadModel();
  const before = await collect(model.generate(PROMPT, { signal: AbortSignal.abort() }));
  assertEquals([before.summary.finishReason, before.tokens.length], ["abort", 0]);
  for (const after of [1, 7]) {
    const controller = new AbortController();
    const generation = model.generate(PROMPT, { ...GREEDY, signal: controller.signal });
    for (let i = 0; i < after; i++) await generation.next();
    controller.abort();
    const { tokens, summary } = await collect(generation);
    assertEquals([tokens.length, summary.finishReason, summary.generatedTokens], [0, "abort", after]);
  }
  const timed = await collect(
    model.generate(PROMPT, { maxTokens: 1e6, logitBias: { 0: -Infinity }, signal: AbortSignal.timeout(60) }),
  );
  assertEquals(timed.summary.finishReason, "abort");
});

Deno.test("loadModel throws the reason of an aborted signal, before and during the load", async () => {
  await assertRejects(
    () => loadModel(undefined, { signal: AbortSignal.abort(new Error("no")) }),
    Error,
    "no",
  );
  const controller = new AbortController();
  const onProgress = (): void => controller.abort(new Error("enough"));
  await assertRejects(() => loadModel(undefined, { signal: controller.signal, onProgress }), Error, "enough");
});

Deno.test("Model.generate reports log-probabilities that are those of the raw logits", async () => {
  await using model = await loadModel();
  const { tokens } = await collect(model.generate(PROMPT, { ...GREEDY, maxTokens: 3, logprobs: 5 }));
  for (const { id, logprob, topLogprobs } of tokens) {
    assertEquals(topLogprobs?.length, 5);
    assertEquals(topLogprobs?.[0], { id, logprob: logprob! });
    assert(topLogprobs!.every((top, i) => i === 0 || top.logprob <= topLogprobs![i - 1].logprob));
  }
});

const BAD: readonly Record<string, unknown>[] = [
  ...[{ maxTokens: 0 }, { maxTokens: 1.5 }, { maxTokens: 1e12 }, { maxTokens: "9" }, { temperature: -1 }],
  ...[{ temperature: NaN }, { topP: 2 }, { topK: -1 }, { minP: 1.1 }, { stop: [""] }, { stop: 7 }, {
    stop: [7],
  }],
  ...[{ seed: -1 }, { logitBias: { 99999: 1 } }, { logitBias: { x: 1 } }, { logprobs: 21 }, {
    penaltyWindow: -1,
  }],
  { unknown: true },
];

Deno.test("Model.generate refuses absurd options at once", async () => {
  await using model = await loadModel();
  for (const options of BAD) {
    await assertRejects(() => collect(model.generate(PROMPT, options as GenerateOptions)), ConfigError);
  }
  await assertRejects(() => collect(model.generate([5000])), ConfigError);
});
