import { assert, assertEquals } from "@std/assert";
import { loadModel } from "../../runtime/load_model.ts";
import { FakeHub } from "../hub/fake_hub.ts";
import { assertDeploys } from "./deploy_case.ts";
import { ServerProcess } from "./server_process.ts";
import { eventsOf } from "./test_server.ts";

const ROOT = new URL("../../", import.meta.url);
const BODY = {
  model: "stories",
  prompt: "Once upon a time",
  temperature: 1,
  seed: 6,
  logit_bias: { 0: -100 },
};

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

Deno.test("hymba serve --worker fetches a model of the hub as the environment says, and keeps it there", async () => {
  const folder = await Deno.makeTempDir();
  const files = await Promise.all(["config.json", "model.safetensors"].map(async (name) => {
    const bytes = await Deno.readFile(new URL(`../fixtures/tiny-pair/${name}`, import.meta.url));
    return [name, { bytes, isLarge: name.endsWith(".safetensors") }] as const;
  }));
  await using hub = new FakeHub(Object.fromEntries(files));
  const env = { HF_ENDPOINT: hub.endpoint, HF_TOKEN: "hf_x", HYMBA_MODELS: folder };
  const args = ["-A", "cli.ts", "serve", "--port", "0", "--worker", "--model", "org/model"];
  try {
    for (const offline of ["0", "1"]) {
      hub.seen.length = 0;
      await using server = await ServerProcess.start(args, { ...env, HF_HUB_OFFLINE: offline });
      assertEquals((await (await fetch(`${server.url}/health`)).json()).model, "model");
      if (offline === "0") assertEquals(hub.seen[0].authorization, "Bearer hf_x");
      else assertEquals(hub.seen, []);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
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
  await assertDeploys(Deno.execPath());
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
