/** @file `hymba serve`: OpenAI's API over HTTP, until Ctrl-C. */
import process from "node:process";
import { type Command, Command as NewCommand, Option } from "commander";
import { ConfigError } from "../runtime/errors.ts";
import type { Engine } from "../server/engine/engine.ts";
import type { EngineLimits } from "../server/engine/local_engine.ts";
import type { HandlerOptions } from "../server/options.ts";
import type { SessionStore } from "../server/stores/session_store.ts";
import { describeError } from "./exit.ts";
import { Interrupt } from "./interrupt.ts";
import { addModelFlags, type ModelFlags } from "./model_flags.ts";
import { openModel } from "./open_model.ts";
import { describeBackend } from "./report.ts";
import { parseNumber } from "./sampling_flags.ts";
import { writeError } from "./terminal.ts";

interface ServeFlags extends ModelFlags {
  readonly port: number;
  readonly host: string;
  readonly name?: string;
  readonly key?: readonly string[];
  readonly cors?: readonly string[];
  readonly sessions?: string;
  readonly parallel: number;
  readonly queue: number;
  readonly context?: number;
  readonly worker?: boolean;
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
const number = (flags: string, description: string): Option =>
  new Option(flags, description).argParser(parseNumber);

/** The command and its flags. */
export function serveCommand(): Command {
  const command = new NewCommand("serve")
    .description("Serves the model over HTTP, in the form of OpenAI's API, until Ctrl-C.");
  return addModelFlags(command)
    .addOption(number("-p, --port <n>", "listens on").default(8000))
    .addOption(new Option("--host <address>", "listens at").default("127.0.0.1"))
    .option("--name <id>", "the model's name in the API [stories, or the file's]")
    .addOption(new Option("--key <key>", "bearer key, may be repeated; or HYMBA_API_KEY").argParser(collect))
    .addOption(new Option("--cors <origin>", "lets pages of it in, may be repeated").argParser(collect))
    .option("--sessions <folder>", "keeps sessions there [in memory]")
    .addOption(number("--parallel <n>", "sequences at a time").default(8))
    .addOption(number("--queue <n>", "requests that wait").default(32))
    .addOption(number("--context <n>", "tokens of prompt and answer [as trained]"))
    .option("--worker", "computes in a thread of its own")
    .action((flags: ServeFlags) => serveModel(flags));
}

async function serveModel(flags: ServeFlags): Promise<void> {
  const { createHandler } = await import("../server/handler.ts");
  const { serve } = await import("../server/serve.ts");
  using interrupt = new Interrupt(["SIGINT", "SIGTERM"]);
  const { signal } = interrupt;
  const options = await handlerOptions(flags);
  await using model = flags.worker ? await openWorker(flags, options) : await openModel(flags, signal);
  await using handler = createHandler(model, options);
  const { port, host: hostname } = flags;
  if (options.keys.length === 0 && !/^(?:127\.|localhost$|\[?::1)/.test(hostname)) {
    await writeError(`warning: whoever reaches ${hostname} can use the model; --key asks for a key\n`);
  }
  const onListen = (url: string): void =>
    void writeError(
      `${
        describeBackend("facts" in model ? model.facts.backend : model.backend)
      }serving ${options.modelId} at ${url}/v1, Ctrl-C ends it\n`,
    );
  await serve(handler, { port, hostname, signal, onListen });
}

async function openWorker(flags: ServeFlags, limits: EngineLimits): Promise<Engine> {
  const { WorkerEngine } = await import("../server/engine/worker_engine.ts");
  const { Download } = await import("./download.ts");
  using download = await Download.prepare(flags.model);
  const { backend, quantization, windowRule, kvDtype, threads } = flags;
  const load = { backend, quantization, windowRule, kvDtype, threads, download: download.workerOptions };
  const { maxSequences, maxQueued, contextTokens } = limits;
  const own = { maxSequences, maxQueued, ...(contextTokens === undefined ? {} : { contextTokens }) };
  return await WorkerEngine.start(flags.model, load, own);
}

async function handlerOptions(
  flags: ServeFlags,
): Promise<HandlerOptions & Required<Pick<HandlerOptions, "modelId" | "keys">>> {
  const { name, model, cors = [], parallel, queue, context } = flags;
  const fileName = model?.replace(/\/+$/, "").split("/").at(-1)?.replace(/\.gguf$/, "");
  return {
    modelId: name ?? fileName ?? "stories",
    keys: flags.key ?? keysOfEnvironment(),
    corsOrigins: cors,
    sessions: await openStore(flags.sessions),
    maxSequences: parallel,
    maxQueued: queue,
    ...(context === undefined ? {} : { contextTokens: context }),
    onError: (error) => void writeError(describeError(error)),
  };
}

/** The key of HYMBA_API_KEY, where the environment may be read; asking must not raise a permission prompt. */
function keysOfEnvironment(): string[] {
  const query = { name: "env", variable: "HYMBA_API_KEY" } as const;
  if (typeof Deno !== "undefined" && Deno.permissions.querySync(query).state !== "granted") return [];
  const key = process.env.HYMBA_API_KEY ?? "";
  return key === "" ? [] : [key];
}

async function openStore(folder: string | undefined): Promise<SessionStore | undefined> {
  if (folder === undefined) return undefined;
  if (typeof Deno === "undefined") {
    throw new ConfigError(
      "Cannot keep sessions in a folder: this is not Deno, expected it",
      "Leave out --sessions",
    );
  }
  const { FolderSessionStore } = await import("../server/stores/folder_store.ts");
  return await FolderSessionStore.open(folder);
}
