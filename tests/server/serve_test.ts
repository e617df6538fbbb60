import { assert, assertEquals } from "@std/assert";
import { loadModel } from "../../runtime/load_model.ts";
import { eventsOf } from "./test_server.ts";

const ROOT = new URL("../../", import.meta.url);
const BODY = {
  model: "stories",
  prompt: "Once upon a time",
  temperature: 1,
  seed: 6,
  logit_bias: { 0: -100 },
};

/** A server in a process of its own, with exactly these arguments of `deno run`. */
class ServerProcess implements AsyncDisposable {
  readonly url: string;
  readonly child: Deno.ChildProcess;
  readonly #log: { text: string };

  private constructor(url: string, child: Deno.ChildProcess, log: { text: string }) {
    this.url = url;
    this.child = child;
    this.#log = log;
  }

  /** What it said on standard error. */
  get log(): string {
    return this.#log.text;
  }

  /** Starts it and waits until it says where it serves. */
  static async start(args: readonly string[], env: Record<string, string> = {}): Promise<ServerProcess> {
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-lock", ...args],
      cwd: ROOT,
      env: { NO_COLOR: "1", DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
    const child = command.spawn();
    const log = { text: "" };
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    for (const stream of [child.stdout, child.stderr]) {
      void (async () => {
        for await (const text of stream.pipeThrough(new TextDecoderStream())) {
          log.text += text;
          const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(log.text) ?? [];
          if (url !== undefined) resolve(url);
        }
      })();
    }
    void child.status.then(({ code }) => reject(new Error(`the server exited with ${code}: ${log.text}`)));
    return new ServerProcess(await promise, child, log);
  }

  post(path: string, body: unknown): Promise<Response> {
    const headers = { "content-type": "application/json" };
    return fetch(this.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.child.kill("SIGKILL");
    } catch {
      // it has ended
    }
    await this.child.status;
  }
}

async function readStream(
  response: Response,
  stopAt = Infinity,
): Promise<{ text: string; last: number; error: string }> {
  let text = "", last = -1, error = "";
  for await (const { id, data } of eventsOf(response)) {
    if (data === "[DONE]") break;
    const event = JSON.parse(data);
    text += event.choices?.[0]?.text ?? "";
    error = event.error?.code ?? error;
    if (id !== null) last = Number(id);
    if (last >= stopAt) break;
  }
  return { text, last, error };
}

async function wholeText(maxTokens: number): Promise<string> {
  await using model = await loadModel();
  let text = "";
  const options = { temperature: 1, topP: 1, seed: 6, maxTokens, logitBias: { 0: -100 } };
  for await (const token of model.generate(BODY.prompt, options)) text += token.text;
  return text;
}

Deno.test("hymba serve needs no permission but the network's", async () => {
  await using server = await ServerProcess.start(["--allow-net=127.0.0.1", "cli.ts", "serve", "--port", "0"]);
  const { choices } = await (await server.post("/v1/completions", { ...BODY, max_tokens: 5 })).json();
  assert(choices[0].text.length > 0);
  assert(server.log.includes("serving stories at http://127.0.0.1:"), server.log);
});

Deno.test("hymba serve, told SIGINT, ends its streams with a reason, keeps their sessions and exits within 5 seconds", async () => {
  const folder = await Deno.makeTempDir();
  const args = [
    ...["--allow-net=127.0.0.1", `--allow-read=${folder}`, `--allow-write=${folder}`],
    ...["cli.ts", "serve", "--port", "0", "--sessions", folder],
  ];
  try {
    let session = "", lost = { text: "", last: -1, error: "" };
    {
      await using server = await ServerProcess.start(args);
      session = (await (await server.post("/v1/sessions", {})).json()).id;
      const body = { ...BODY, session, max_tokens: 2000, stream: true };
      const streaming = await server.post("/v1/completions", body);
      const start = performance.now();
      server.child.kill("SIGINT");
      lost = await readStream(streaming);
      const { code } = await server.child.status;
      assert(performance.now() - start < 5000, `${performance.now() - start} ms`);
      assertEquals([code, lost.error], [0, "shutting_down"]);
    }
    await using server = await ServerProcess.start(args);
    const rest = await fetch(`${server.url}/v1/sessions/${session}/stream?after=${lost.last}`);
    const { text } = await readStream(rest, lost.last + 40);
    const whole = lost.text + text;
    assert(lost.last > 2 && text.length > 0);
    assertEquals(whole, (await wholeText(lost.last + 41)).slice(0, whole.length));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("hymba serve, told SIGTERM, ends as well", async () => {
  await using server = await ServerProcess.start(["--allow-net=127.0.0.1", "cli.ts", "serve", "--port", "0"]);
  server.child.kill("SIGTERM");
  assertEquals((await server.child.status).code, 0);
});

Deno.test("hymba serve takes its key from the environment where it may read it", async () => {
  const args = ["--allow-net=127.0.0.1", "--allow-env=HYMBA_API_KEY", "cli.ts", "serve", "--port", "0"];
  await using server = await ServerProcess.start(args, { HYMBA_API_KEY: "from-the-environment" });
  const statuses = await Promise.all(["wrong-key", "from-the-environment"].map(async (key) => {
    const response = await fetch(`${server.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    await response.body?.cancel();
    return response.status;
  }));
  assertEquals(statuses, [401, 200]);
});

Deno.test("hymba serve says what to do when it cannot listen", async () => {
  const run = async (...args: string[]): Promise<[number, string]> => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-lock", "--quiet", ...args],
      cwd: ROOT,
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    return [code, new TextDecoder().decode(stderr)];
  };
  const [denied, deniedText] = await run("cli.ts", "serve");
  assertEquals(denied, 1);
  assert(deniedText.includes("error: Cannot listen at 127.0.0.1, port 8000"), deniedText);
  const [invalid, invalidText] = await run("--allow-net=127.0.0.1", "cli.ts", "serve", "--key", "short");
  assertEquals(invalid, 1);
  assert(invalidText.includes("8 to 512"), invalidText);
});

Deno.test("server/deploy.ts serves with the network's permission alone, in less than 512 MB", async () => {
  await using server = await ServerProcess.start(["--allow-net=127.0.0.1", "server/deploy.ts"]);
  const answers = await Promise.all(Array.from({ length: 8 }, async (_, seed) => {
    const session = (await (await server.post("/v1/sessions", {})).json()).id;
    const { usage } = await (await server.post("/v1/completions", { ...BODY, seed, session, max_tokens: 30 }))
      .json();
    return usage.completion_tokens;
  }));
  assertEquals(answers, new Array(8).fill(30));
  if (Deno.build.os !== "linux") return;
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${server.child.pid}/status`] }).output();
  const peak = Number(/VmHWM:\s+(\d+) kB/.exec(new TextDecoder().decode(stdout))?.[1]) / 1024;
  assert(peak > 50 && peak < 512, `${peak} MB`);
});

Deno.test("server/deploy.ts keeps sessions in Deno KV where there is one", async () => {
  const args = ["--allow-net=127.0.0.1", "--unstable-kv", "server/deploy.ts"];
  let session = "", lost = { text: "", last: -1, error: "" };
  {
    await using server = await ServerProcess.start(args);
    session = (await (await server.post("/v1/sessions", {})).json()).id;
    const body = { ...BODY, session, max_tokens: 100, stream: true };
    lost = await readStream(await server.post("/v1/completions", body), 30);
  }
  await using server = await ServerProcess.start(args);
  const rest = await fetch(`${server.url}/v1/sessions/${session}/stream?after=${lost.last}`);
  assertEquals(lost.text + (await readStream(rest)).text, await wholeText(100));
  await (await fetch(`${server.url}/v1/sessions/${session}`, { method: "DELETE" })).body?.cancel();
});
