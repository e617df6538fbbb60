/** Conversation against Model.chat, which reads every message anew. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { Conversation } from "../../cli/conversation.ts";
import { drain } from "../../cli/drain.ts";
import {
  type ChatMessage,
  type GenerateOptions,
  type GenerationSummary,
  loadModel,
  type Token,
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
