/** @file From the arguments to a command and an exit code. A command's own file is imported only when it is asked for. */
import { Command, CommanderError } from "commander";
import config from "../deno.json" with { type: "json" };
import { describeError, type ExitCode, QuietExit } from "./exit.ts";
import { compactHelp } from "./help.ts";
import { writeError, writeOutput } from "./terminal.ts";

interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const COMMANDS: readonly CommandEntry[] = [
  {
    name: "generate",
    summary: "continue a prompt, or tell a story",
    load: async () => (await import("./generate.ts")).generateCommand(),
  },
  {
    name: "chat",
    summary: "hold a conversation",
    load: async () => (await import("./chat.ts")).chatCommand(),
  },
  {
    name: "serve",
    summary: "serve the model over HTTP, in OpenAI's form",
    load: async () => (await import("./serve.ts")).serveCommand(),
  },
  {
    name: "inspect",
    summary: "show what a model is made of and what its state costs",
    load: async () => (await import("./inspect.ts")).inspectCommand(),
  },
  {
    name: "convert",
    summary: "pack a published checkpoint into one GGUF file",
    load: async () => (await import("./convert.ts")).convertCommand(),
  },
  {
    name: "logits",
    summary: "print the logits after every token, as JSON rows",
    load: async () => (await import("./logits.ts")).logitsCommand(),
  },
];

/** What commander has to say, held until it can be written in full. */
interface Messages {
  output: string;
  error: string;
}

/**
 * Runs the command line.
 *
 * @param args the arguments without the program's own name
 * @returns the exit code: 0 done, 1 failed, 2 the command line is wrong, 130 interrupted
 */
export async function main(args: readonly string[]): Promise<ExitCode> {
  const messages: Messages = { output: "", error: "" };
  let exitCode: ExitCode = 0;
  try {
    const program = await buildProgram(args, messages);
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    exitCode = exitCodeOf(error, messages);
  }
  try {
    if (messages.output !== "") await writeOutput(messages.output);
  } catch (error) {
    exitCode = exitCodeOf(error, messages);
  }
  await writeError(messages.error);
  return exitCode;
}

function exitCodeOf(error: unknown, messages: Messages): ExitCode {
  if (error instanceof QuietExit) return error.exitCode;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  messages.error += describeError(error);
  return 1;
}

async function buildProgram(args: readonly string[], messages: Messages): Promise<Command> {
  const program = new Command("hymba")
    .description("Runs Hymba language models; without --model, the default one that ships with it.")
    .version(config.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help; after a command, that command's")
    .helpCommand(false)
    .exitOverride()
    .configureHelp(compactHelp)
    .configureOutput({
      writeOut: (text) => void (messages.output += text),
      writeErr: (text) => void (messages.error += text),
      getOutHasColors: () => false, // asking the environment would need a permission
      getErrHasColors: () => false,
      outputError: (text, write) => write(usageError(text)),
    });
  const wanted = args.find((arg) => !arg.startsWith("-"));
  for (const { name, summary, load } of COMMANDS) {
    const command = name === wanted ? await load() : new Command(name);
    command.summary(summary).copyInheritedSettings(program).helpOption("-h, --help", "print this help");
    program.addCommand(command);
  }
  return program;
}

/** commander's message in this program's form: what is wrong, then what to do. */
function usageError(text: string): string {
  const [message, suggestion] = text.trimEnd().split("\n");
  return `${message}\n  ${suggestion?.replace(/^\((.*)\)$/, "$1") ?? "--help shows what there is"}\n`;
}
