/** @file A workerd that serves tests/runtimes/worker.js. */
import * as esbuild from "esbuild";
import type { NpmProject } from "./npm_project.ts";

/** A running server. */
export interface Workerd extends AsyncDisposable {
  readonly url: string;
}

/** Bundles the worker with its package's `workerd` condition, as users' tools do, and serves it. */
export async function serveWorkerd(program: string, project: NpmProject): Promise<Workerd> {
  await bundleWorker(project);
  return await startWorkerd(program, project);
}

/** Serves the worker that was bundled, on the loopback address. */
export async function startWorkerd(program: string, project: NpmProject): Promise<Workerd> {
  const args = ["serve", `${project.folder}/config.capnp`, "--control-fd=1"];
  const child = new Deno.Command(program, { args, stdin: "null", stdout: "piped", stderr: "inherit" })
    .spawn();
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await child.status;
  };
  return { url: `http://127.0.0.1:${await portOf(child)}/`, [Symbol.asyncDispose]: stop };
}

/** Bundles the worker, and writes its configuration. */
export async function bundleWorker(project: NpmProject): Promise<void> {
  const { folder } = project;
  await esbuild.build({
    entryPoints: [decodeURIComponent(new URL("worker.js", import.meta.url).pathname)],
    outfile: `${folder}/worker.js`,
    nodePaths: [`${folder}/node_modules`],
    conditions: ["workerd", "worker", "import"],
    bundle: true,
    format: "esm",
    external: ["*.wasm"],
    logLevel: "warning",
  });
  await esbuild.stop();
  await Deno.writeTextFile(`${folder}/config.capnp`, await config(project));
}

/** The worker, and every WebAssembly file that its bundle still imports. */
async function config({ folder, packageFolder }: NpmProject): Promise<string> {
  const packagePath = packageFolder.slice(folder.length + 1);
  const worker = await Deno.readTextFile(`${folder}/worker.js`);
  const files = [...worker.matchAll(/from "\.\/(\w+\.wasm)"/g)].map(([, file]) => file);
  const modules = files.map((file) => `(name = "${file}", wasm = embed "${packagePath}/${file}")`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .story)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const story :Workerd.Worker = (
  modules = [
    ${[`(name = "worker.js", esModule = embed "worker.js")`, ...modules].join(",\n    ")},
  ],
  compatibilityDate = "2026-01-01",
);
`;
}

/** The port of the line that workerd writes when it listens. */
async function portOf(child: Deno.ChildProcess): Promise<number> {
  let text = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const [, port] = text.match(/"event":\s*"listen".*?"port":\s*(\d+)/) ?? [];
    if (port) return Number(port);
  }
  throw new Error(`Cannot start workerd: it ended saying "${text}", expected it to listen`);
}
