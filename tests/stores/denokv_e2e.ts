/** Sessions in a real `denokv` server, which `deno task install:denokv` compiles: `deno task test:denokv`. */
import { testKvStore } from "./kv_cases.ts";
import { kvHarness } from "./kv_harness.ts";

const PROGRAM = Deno.env.get("DENOKV") ??
  decodeURIComponent(new URL("../../.toolchain/denokv/bin/denokv", import.meta.url).pathname);

interface KvServer {
  readonly url: string;
  stop(): void;
}

/** Starts a server on a free port of this machine, with a database of its own. */
async function startServer(): Promise<KvServer> {
  const token = crypto.randomUUID();
  const folder = await Deno.makeTempDir();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${listener.addr.port}`;
  listener.close();
  const child = new Deno.Command(PROGRAM, {
    args: ["--sqlite-path", `${folder}/kv.sqlite`, "serve", "--addr", address, "--access-token", token],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  child.unref();
  Deno.env.set("DENO_KV_ACCESS_TOKEN", token); // where Deno.openKv looks for it
  const stop = (): void => {
    child.kill("SIGKILL");
    Deno.removeSync(folder, { recursive: true });
  };
  for (let attempt = 0; attempt < 100; attempt++) {
    const answer = await fetch(`http://${address}/`, { method: "POST" }).catch(() => null);
    await answer?.body?.cancel();
    if (answer !== null) return { url: `http://${address}`, stop };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  stop();
  throw new Error(
    `Cannot test with denokv: ${PROGRAM} does not answer on ${address}, expected it to within 10 s`,
  );
}

const server = await startServer();
globalThis.addEventListener("unload", () => server.stop());

testKvStore(
  "KvSessionStore on a denokv server",
  () => Promise.resolve(kvHarness(server.url, () => Promise.resolve())),
);
