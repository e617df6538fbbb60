/** @file Standard input, output and error, the same in Deno, Node and Bun. None of them needs a permission. */
import process from "node:process";
import { ConfigError } from "../runtime/errors.ts";
import { QuietExit } from "./exit.ts";

/** Whether standard output is a terminal. */
export function outputIsTerminal(): boolean {
  return process.stdout.isTTY === true;
}

/** Whether standard error is a terminal. */
export function errorIsTerminal(): boolean {
  return process.stderr.isTTY === true;
}

/** Whether standard input is a terminal: somebody types. */
export function inputIsTerminal(): boolean {
  return process.stdin.isTTY === true;
}

/**
 * Writes to standard output; resolves when the system has taken it.
 *
 * @throws {QuietExit} where the reader has gone (`hymba generate | head -1`): it has all it wanted
 */
export function writeOutput(text: string): Promise<void> {
  if (process.stdout.listenerCount("error") === 0) process.stdout.on("error", () => {}); // the callback has it too
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error?: Error | null) => {
      if (!error) resolve();
      else reject("code" in error && error.code === "EPIPE" ? new QuietExit(0) : error);
    });
  });
}

/** Writes to standard error. That nobody reads it is no error. */
export function writeError(text: string): Promise<void> {
  if (process.stderr.listenerCount("error") === 0) process.stderr.on("error", () => {});
  return new Promise((resolve) => process.stderr.write(text, () => resolve()));
}

/**
 * All of standard input as text, without the line end at its end that `echo` and editors put there.
 *
 * @throws {ConfigError} where it is not UTF-8
 */
export async function readInput(signal?: AbortSignal): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  try {
    for await (const bytes of abortable(process.stdin, signal)) {
      text += decoder.decode(bytes, { stream: true });
    }
    text += decoder.decode();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new ConfigError(
      "Cannot read the prompt: standard input is not UTF-8, expected UTF-8 text",
      "Convert it first (for instance with iconv)",
      { cause },
    );
  }
  return text.replace(/\r?\n$/, "");
}

/** The lines of standard input as they come, without their ends. */
export async function* readLines(signal?: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of abortable(process.stdin, signal)) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split(/\r?\n/);
    rest = lines.pop()!;
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}

/** The chunks of a stream; an aborted signal ends the wait for the next one and throws its reason. */
async function* abortable(
  stream: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => {}); // nobody may be waiting when it happens
  const chunks = stream[Symbol.asyncIterator]();
  for (;;) {
    signal?.throwIfAborted();
    const next = await Promise.race([chunks.next(), aborted]);
    if (next.done) return;
    yield next.value;
  }
}
