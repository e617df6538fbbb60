/** Conversation against Model.chat, which reads every message anew. */
import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { Conversation } from "../../cli/conversation.ts";
import { drain } from "../../cli/drain.ts";
import {
  type ChatMessage,
  type GenerateOptions,
  type GenerationSummary,
  loadModel,
  type Token,
  WeightsError,
} from "../../mod.ts";

/** Everything that a generation says. */
async function textOf(tokens: AsyncGenerator<Token, GenerationSummary>): Promise<string> {
  let text = "";
  await drain(tokens, (token) => Promise.resolve(void (text += token.text)));
  return text;
}

const GREEDY: GenerateOptions = { temperature: 0, maxTokens: 12 };

Deno.test("Conversation says what Model.chat says, however its replies ended", async () => {
  await using model = await loadModel();
  assert(model.chatTemplate);
  await using conversation = new Conversation(model, model.chatTemplate, GREEDY);
  assert(conversation.isPlainText);
  const turns: readonly (readonly [content: string, options: GenerateOptions, ending: string])[] = [
    ["Once upon a time", {}, "length"],
    [" One day", { stop: ["."] }, "stop"],
    [". Then", {}, "length"],
    [" The end.", { maxTokens: 200 }, "eos"],
    ["\n\nQuestion: Who was in the story?\nAnswer:", {}, "eos"],
  ];
  const messages: ChatMessage[] = [];
  for (const [content, options, ending] of turns) {
    messages.push({ role: "user", content });
    const reply = await textOf(conversation.reply(content, options));
    assertEquals(conversation.lastSummary?.finishReason, ending, content);
    assertEquals(reply, await textOf(model.chat(messages, { ...GREEDY, ...options })));
    messages.push({ role: "assistant", content: reply });
  }
});

Deno.test("Conversation counts an aborted reply as far as it came, and forgets one that was left", async () => {
  await using model = await loadModel();
  assert(model.chatTemplate);
  await using conversation = new Conversation(model, model.chatTemplate, GREEDY);
  for await (const token of conversation.reply("An old bear")) if (token.index === 1) break;
  assertEquals(conversation.lastSummary, null);
  const controller = new AbortController();
  let reply = "";
  const tokens = conversation.reply("Once upon a time", { signal: controller.signal });
  const { finishReason, generatedTokens } = await drain(tokens, ({ text, index }) => {
    reply += text;
    if (index === 3) controller.abort();
    return Promise.resolve();
  });
  assertEquals([finishReason, generatedTokens], ["abort", 4]);
  assertGreater(reply.length, 4);
  const messages: ChatMessage[] = [
    { role: "user", content: "Once upon a time" },
    { role: "assistant", content: reply },
    { role: "user", content: " and" },
  ];
  assertEquals(await textOf(conversation.reply(" and")), await textOf(model.chat(messages, GREEDY)));
  await conversation.reset();
  const fresh = await textOf(model.chat([{ role: "user", content: " and" }], GREEDY));
  assertEquals(await textOf(conversation.reply(" and")), fresh);
});

Deno.test("Conversation goes back by turns and to kept points, and every way on is that of Model.chat", async () => {
  await using model = await loadModel();
  assert(model.chatTemplate);
  await using conversation = new Conversation(model, model.chatTemplate, GREEDY);
  const replies: string[] = [];
  for (const content of ["Once upon a time", " One day", " Then", " But", " So", " At last"]) {
    replies.push(await textOf(conversation.reply(content)));
    if (content === " One day") await conversation.keep("day");
  }
  assertEquals(await conversation.rewind(1), 1);
  assertEquals(await textOf(conversation.reply(" At last")), replies[5]);
  assertEquals(conversation.lastSummary?.promptTokens, model.encode(" At last").length); // nothing was read twice
  assertEquals(await conversation.rewind(5), 5); // further than sessions are kept
  assertEquals(await textOf(conversation.reply(" One day")), replies[1]);
  assertEquals([await conversation.goTo("night"), await conversation.goTo("day")], [false, true]);
  assertEquals(conversation.messages.length, 4);
  assertEquals(await textOf(conversation.reply(" Then")), replies[2]);
  assertEquals(conversation.lastSummary?.promptTokens, model.encode(" Then").length);
  assertEquals([await conversation.rewind(99), await conversation.rewind(1)], [3, 0]);
  assertEquals(await textOf(conversation.reply("Once upon a time")), replies[0]);
});

Deno.test("Conversation.load goes on where save was called, and refuses what is damaged", async () => {
  await using model = await loadModel();
  assert(model.chatTemplate);
  await using conversation = new Conversation(model, model.chatTemplate, GREEDY);
  await textOf(conversation.reply("Once upon a time"));
  const bytes = await conversation.save();
  const next = await textOf(conversation.reply(" One day"));
  await using other = new Conversation(model, model.chatTemplate, GREEDY);
  await other.load(bytes);
  assertEquals(await textOf(other.reply(" One day")), next);
  assertEquals(other.lastSummary?.promptTokens, model.encode(" One day").length);
  bytes[bytes.length >> 1] ^= 1;
  await assertRejects(() => other.load(bytes), WeightsError, "Cannot read the saved conversation");
  assertEquals(other.messages.length, 4);
});
