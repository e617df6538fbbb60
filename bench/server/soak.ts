/**
 * @file A bounded soak on the loopback address: a server in a process of its own and 1, 8 and 32 clients that read streams. Prints
 * percentiles of the time to the first token and between tokens, and the server's memory before and after: `deno task bench:server`.
 */
import { type ClientFigures, noFigures, runClient } from "./soak_client.ts";

const DEFAULT_SECONDS = 20;
const MAX_TOKENS = 64;
const CLIENTS = [1, 8, 32];

interface Serving {
  readonly url: string;
  readonly child: Deno.ChildProcess;
}

async function startServer(extra: readonly string[]): Promise<Serving> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      "--allow-read",
      "cli.ts",
      "serve",
      "--port",
      "0",
      ...extra,
    ],
    cwd: new URL("../../", import.meta.url),
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  void (async () => {
    let log = "";
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      log += text;
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(log) ?? [];
      if (url !== undefined) resolve(url);
    }
    reject(new Error(`the server ended: ${log}`));
  })();
  return { url: await promise, child };
}

/** Resident memory of a process in MB; null where the system does not say. */
async function residentMegabytes(pid: number): Promise<number | null> {
  if (Deno.build.os === "windows") return null;
  const { stdout, success } = await new Deno.Command("ps", { args: ["-o", "rss=", "-p", String(pid)] })
    .output();
  return success ? Number(new TextDecoder().decode(stdout)) / 1024 : null;
}

function percentile(values: readonly number[], fraction: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? NaN).toFixed(1);
}

async function soak({ url, child }: Serving, clients: number, seconds: number): Promise<string[]> {
  const figures: ClientFigures = noFigures();
  const before = await residentMegabytes(child.pid);
  const start = performance.now();
  const until = start + 1000 * seconds;
  await Promise.all(
    Array.from(
      { length: clients },
      (_, seed) => runClient({ url, maxTokens: MAX_TOKENS, until, seed }, figures),
    ),
  );
  const elapsed = (performance.now() - start) / 1000;
  const after = await residentMegabytes(child.pid);
  const load = await (await fetch(`${url}/health`)).json();
  if (figures.withoutReason > 0) throw new Error(`${figures.withoutReason} streams ended without a reason`);
  if (load.active + load.queued + load.stateBytes > 0) {
    throw new Error(`left behind: ${JSON.stringify(load)}`);
  }
  const { firstToken, interToken } = figures;
  return [
    ...[clients, figures.streams, figures.refused].map(String),
    (figures.tokens / elapsed).toFixed(1),
    ...[percentile(firstToken, 0.5), percentile(firstToken, 0.99)],
    ...[percentile(interToken, 0.5), percentile(interToken, 0.99)],
    `${before?.toFixed(0) ?? "?"} / ${after?.toFixed(0) ?? "?"}`,
  ];
}

async function main(): Promise<void> {
  const [first, ...rest] = Deno.args;
  const seconds = Number(first ?? DEFAULT_SECONDS);
  if (!(seconds > 0 && seconds <= 600)) {
    throw new Error("usage: soak.ts [SECONDS, up to 600] [flags of hymba serve]");
  }
  const server = await startServer(rest);
  try {
    const columns = [
      ...["clients", "streams", "refused", "tokens/s", "first token p50, ms", "p99"],
      ...["between tokens p50, ms", "p99", "memory before / after, MB"],
    ];
    console.log(`| ${columns.join(" | ")} |\n|${" --- |".repeat(columns.length)}`);
    for (const clients of CLIENTS) console.log(`| ${(await soak(server, clients, seconds)).join(" | ")} |`);
  } finally {
    server.child.kill("SIGINT");
    await server.child.status;
  }
}

if (import.meta.main) await main();
