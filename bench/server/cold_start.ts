/**
 * @file Milliseconds from the start of a process to the first token of the default model, on every installed runtime, medians of five:
 * `deno task bench:cold`, after `deno task install:runtimes`.
 */
import { createNpmProject, type NpmProject } from "../../tests/runtimes/npm_project.ts";
import { programOf } from "../../tests/runtimes/catalogue.ts";
import { bundleWorker, startWorkerd } from "../../tests/runtimes/workerd.ts";
import { ServerProcess } from "../../tests/server/server_process.ts";

const RUNS = 5;
const ROOT = new URL("../../", import.meta.url);
const TESTS = new URL("../../tests/runtimes/", import.meta.url);
const DEPLOY = ["--allow-net=127.0.0.1", "server/deploy.ts"];
const BODY = JSON.stringify({ model: "stories", prompt: "Once upon a time", stream: true });

/** Until the first bytes of a stream. */
async function firstBytes(stream: ReadableStream<Uint8Array>): Promise<void> {
  const reader = stream.getReader();
  if ((await reader.read()).done) throw new Error("a process ended without a word");
  await reader.cancel();
}

/** A process that writes its first token to standard output. */
async function fromProcess(command: readonly string[], cwd: string | URL): Promise<void> {
  const [program, ...args] = command;
  const child = new Deno.Command(program, { args, cwd, stdin: "null", stdout: "piped", stderr: "null" })
    .spawn();
  await firstBytes(child.stdout);
  child.kill("SIGKILL");
}

/** A server that is asked as soon as it listens. */
async function fromDeploy(program: string): Promise<void> {
  await using server = await ServerProcess.start(DEPLOY, {}, program);
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${server.url}/v1/completions`, { method: "POST", headers, body: BODY });
  await firstBytes(response.body!);
}

async function fromWorkerd(program: string, project: NpmProject): Promise<void> {
  await using server = await startWorkerd(program, project);
  await firstBytes((await fetch(server.url)).body!);
}

async function median(run: () => Promise<void>): Promise<string> {
  await run(); // fills the runtime's caches
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b)[RUNS >> 1].toFixed(0);
}

if (import.meta.main) {
  await using project = await createNpmProject();
  for (const file of ["answer.js", "prompt.js"]) {
    await Deno.copyFile(new URL(file, TESTS), `${project.folder}/${file}`);
  }
  await bundleWorker(project);
  const generate = ["run", "--no-prompt", "cli.ts", "generate", "Once upon a time"];
  const rows: Record<string, () => Promise<void>> = {
    "hymba generate, Deno": () => fromProcess([Deno.execPath(), ...generate], ROOT),
    "loadModel, Node 22": () => fromProcess([programOf("node22"), "answer.js"], project.folder),
    "loadModel, Node 24": () => fromProcess([programOf("node24"), "answer.js"], project.folder),
    "loadModel, Bun": () => fromProcess([programOf("bun"), "answer.js"], project.folder),
    "loadModel, workerd": () => fromWorkerd(programOf("workerd"), project),
    "server/deploy.ts, Deno": () => fromDeploy(Deno.execPath()),
    "server/deploy.ts, Deno 2.5.0": () => fromDeploy(programOf("deno2.5")),
  };
  console.log("| from process start to first token | ms |\n| --- | --- |");
  for (const [name, run] of Object.entries(rows)) console.log(`| ${name} | ${await median(run)} |`);
}
