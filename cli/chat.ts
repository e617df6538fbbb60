/** @file `hymba chat`: a conversation on a terminal, or one message a line from a pipe. */
import { Command } from "commander";
import { ConfigError, HymbaError } from "../runtime/errors.ts";
import type { Model } from "../runtime/model.ts";
import { type ChatContext, runChatCommand } from "./chat_commands.ts";
import { Conversation } from "./conversation.ts";
import { drain } from "./drain.ts";
import { describeError, QuietExit } from "./exit.ts";
import { Interrupt } from "./interrupt.ts";
import { LineEditor } from "./line_editor.ts";
import { addModelFlags, type ModelFlags } from "./model_flags.ts";
import { openModel } from "./open_model.ts";
import { describeBackend } from "./report.ts";
import { addSamplingFlags, generateOptions, type SamplingFlags } from "./sampling_flags.ts";
import { inputIsTerminal, readLines, writeError, writeOutput } from "./terminal.ts";

type ChatFlags = ModelFlags & SamplingFlags;

/** The command and its flags. */
export function chatCommand(): Command {
  const command = new Command("chat").description(
    "A conversation; /help lists its commands. Without a terminal: a message a line from standard input.",
  );
  return addSamplingFlags(addModelFlags(command))
    .action((flags: ChatFlags) => chat(flags, command));
}

async function chat(flags: ChatFlags, command: Command): Promise<void> {
  const options = await generateOptions(flags, command);
  using interrupt = new Interrupt();
  await using model = await openModel(flags, interrupt.signal);
  if (model.chatTemplate === null) {
    throw new ConfigError(
      "Cannot chat: the checkpoint has no chat template, expected one in tokenizer_config.json",
      "Use hymba generate, with a prompt in the form that the model was trained on",
    );
  }
  await using conversation = new Conversation(model, model.chatTemplate, options);
  if (!inputIsTerminal()) return await chatOverPipe(conversation, interrupt.signal);
  interrupt[Symbol.dispose](); // from here the line editor sees Ctrl-C
  await writeError(welcome(model, conversation, flags.model));
  await chatOnTerminal(conversation);
}

function welcome(model: Model, { isPlainText }: Conversation, source: string | undefined): string {
  const form = !isPlainText
    ? ""
    : source === undefined
    ? 'The default model goes on with a story: begin one ("Once upon a time"), then /ask about it.\n'
    : "This model's chat template is the plain text: it goes on with what you type, as it stands.\n";
  return `${describeBackend(model.backend)}${form}/help lists the commands, /exit or Ctrl-D leaves.\n`;
}

/** One message a line, each reply followed by a line end. */
async function chatOverPipe(conversation: Conversation, signal: AbortSignal): Promise<void> {
  const context = chatContext(conversation, () => signal);
  for await (const line of readLines(signal)) {
    if (await respond(context, line).catch((error) => showCommandError(line, error)) === "exit") return;
    signal.throwIfAborted();
  }
}

/** Ctrl-C ends a reply; a second one, or one at the prompt, ends the program. */
async function chatOnTerminal(conversation: Conversation): Promise<void> {
  let reply: AbortController | null = null;
  const { promise: left, reject: leave } = Promise.withResolvers<never>();
  left.catch(() => {}); // nobody may be waiting when it happens
  using editor = new LineEditor("> ", () => {
    if (reply !== null && !reply.signal.aborted) return reply.abort();
    void writeError("\n");
    leave(new QuietExit(130));
  });
  const context = chatContext(conversation, () => (reply = new AbortController()).signal);
  for (;;) {
    const line = await Promise.race([editor.next(), left]);
    if (line === null) return await writeError("\n");
    const outcome = await Promise.race([respond(context, line).catch(showError), left]);
    reply = null;
    if (outcome === "exit") return;
  }
}

/** A command that fails is no reason to leave the conversation; a reply that fails is, where nobody is there to see it. */
async function showCommandError(line: string, error: unknown): Promise<void> {
  if (!line.startsWith("/")) throw error;
  await showError(error);
}

async function showError(error: unknown): Promise<void> {
  if (!(error instanceof HymbaError)) throw error;
  await writeError(describeError(error));
}

function chatContext(conversation: Conversation, nextSignal: () => AbortSignal): ChatContext {
  const say = async (text: string, stop?: readonly string[]): Promise<void> => {
    const signal = nextSignal();
    const reply = conversation.reply(text, { signal, ...(stop && { stop }) });
    const summary = await drain(reply, (token) => writeOutput(token.text)).catch((error) => {
      if (signal.aborted && error === signal.reason) return null;
      throw error;
    });
    await writeOutput("\n");
    if (summary?.finishReason === "length") await writeError("[cut off by --max-tokens]\n");
  };
  return { conversation, remark: writeError, say };
}

async function respond(context: ChatContext, line: string): Promise<"exit" | void> {
  if (line.trim() === "") return;
  if (/^\/(?!\/)/.test(line)) return await runChatCommand(context, line);
  await context.say(line.replace(/^\/\//, "/"));
}
