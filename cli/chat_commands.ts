/** @file The slash commands of `hymba chat`: one entry a command. */
import { readWhole, writeWhole } from "./chat_storage.ts";
import type { Conversation } from "./conversation.ts";
import { describeSummary } from "./report.ts";

/** What a command works with. */
export interface ChatContext {
  readonly conversation: Conversation;
  /** Writes a remark to the user, not to standard output. */
  readonly remark: (text: string) => Promise<void>;
  /** Says something to the model and prints its reply, up to a stop string. */
  readonly say: (text: string, stop?: readonly string[]) => Promise<void>;
}

/** One slash command. */
export interface ChatCommand {
  /** What follows the name, for the help; empty where nothing does. */
  readonly argument: string;
  readonly summary: string;
  /** Only for models that continue plain text. */
  readonly plainTextOnly?: true;
  /** Resolves to "exit" to end the chat. */
  readonly run: (context: ChatContext, argument: string) => Promise<"exit" | void>;
}

/** By name, without the slash. */
export const CHAT_COMMANDS: ReadonlyMap<string, ChatCommand> = new Map<string, ChatCommand>([
  ["help", { argument: "", summary: "list the commands", run: help }],
  ["ask", {
    argument: " <question>",
    summary: "ask about the text so far, in the default model's form",
    plainTextOnly: true,
    run: ask,
  }],
  ["fork", { argument: " <name>", summary: "keep this point under a name, and go on", run: fork }],
  ["back", { argument: " <name>", summary: "go on from a point that was kept", run: back }],
  ["rewind", {
    argument: " [n]",
    summary: "take back the last message and reply, or the last n",
    run: rewind,
  }],
  ["save", { argument: " <file>", summary: "write the conversation to a file", run: save }],
  ["load", { argument: " <file>", summary: "go on with a conversation from a file", run: load }],
  ["stats", { argument: "", summary: "how fast the last reply was, and its seed", run: stats }],
  ["reset", { argument: "", summary: "forget the conversation", run: reset }],
  ["exit", { argument: "", summary: "leave; so does Ctrl-D", run: () => Promise.resolve("exit") }],
]);

/** Runs a line that begins with a slash. */
export async function runChatCommand(context: ChatContext, line: string): Promise<"exit" | void> {
  const [, name, argument] = /^\/(\S*)\s*(.*)$/s.exec(line)!;
  const command = CHAT_COMMANDS.get(name);
  if (command) return await command.run(context, argument.trim());
  await context.remark(`There is no /${name}. /help lists the commands; // begins a message with a slash.\n`);
}

async function help({ conversation, remark }: ChatContext): Promise<void> {
  const lines = [...CHAT_COMMANDS].filter(([, command]) => !command.plainTextOnly || conversation.isPlainText)
    .map(([name, { argument, summary }]) => `  ${`/${name}${argument}`.padEnd(18)}${summary}\n`);
  await remark(`${lines.join("")}  //...             a message that begins with a slash\n`);
}

/** The form of questions that the default model was trained on (models/stories/checkpoint/README.md). */
async function ask({ conversation, remark, say }: ChatContext, question: string): Promise<void> {
  if (!conversation.isPlainText) await remark("/ask is for models that continue plain text: just ask.\n");
  else if (question === "") await remark("What? As in: /ask Where did the cat live?\n");
  else await say(`\n\nQuestion: ${question}\nAnswer:`, ["\n"]);
}

async function fork({ conversation, remark }: ChatContext, name: string): Promise<void> {
  if (name === "") return await remark("Under which name? As in: /fork start\n");
  await conversation.keep(name);
  await remark(`Kept as ${name}; /back ${name} goes on from here.\n`);
}

async function back({ conversation, remark }: ChatContext, name: string): Promise<void> {
  const known = conversation.names.length === 0 ? "none yet" : conversation.names.join(", ");
  if (await conversation.goTo(name)) await remark(`Back at ${name}. ${where(conversation)}`);
  else await remark(`There is no point ${JSON.stringify(name)}; /fork has kept: ${known}.\n`);
}

async function rewind({ conversation, remark }: ChatContext, argument: string): Promise<void> {
  if (!/^([1-9]\d{0,5})?$/.test(argument)) return await remark("How many? As in: /rewind 2\n");
  const count = await conversation.rewind(Number(argument || 1));
  await remark(count === 0 ? "Nothing was said yet.\n" : `Took back ${count}. ${where(conversation)}`);
}

async function save({ conversation, remark }: ChatContext, path: string): Promise<void> {
  if (path === "") return await remark("Where to? As in: /save story.chat\n");
  await writeWhole(path, await conversation.save());
  await remark(`Saved as ${path}.\n`);
}

async function load({ conversation, remark }: ChatContext, path: string): Promise<void> {
  if (path === "") return await remark("Where from? As in: /load story.chat\n");
  await conversation.load(await readWhole(path));
  await remark(`Loaded ${path}. ${where(conversation)}`);
}

/** Where a conversation stands: the end of what was said last. */
function where({ messages }: Conversation): string {
  const last = messages.at(-1)?.content.trim().replace(/\s+/g, " ");
  return last === undefined ? "The conversation begins anew.\n" : `The last reply: ...${last.slice(-60)}\n`;
}

async function stats({ conversation: { lastSummary }, remark }: ChatContext): Promise<void> {
  await remark(lastSummary === null ? "Nothing was said yet.\n" : describeSummary(lastSummary));
}

async function reset({ conversation, remark }: ChatContext): Promise<void> {
  await conversation.reset();
  await remark("The conversation begins anew.\n");
}
