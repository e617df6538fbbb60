/**
 * The package as its users get it: published by `deno publish`, served by a registry on the loopback address, installed into an empty
 * project and run with no permission. `deno task test:jsr`.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { loadModel } from "../../mod.ts";
import { OPTIONS, PROMPT } from "../runtimes/prompt.js";
import { createConsumer } from "./consumer.ts";
import { publishToLoopback } from "./registry.ts";

const ROOT = new URL("../../", import.meta.url);
const { maxTokens } = OPTIONS;
const CLI_ARGS = ["generate", PROMPT, "--greedy", "--max-tokens", String(maxTokens), "--quiet"];

const MODULE = `
import { loadModel } from "@hymba/runtime";
await using model = await loadModel();
let text: string = "";
for await (const token of model.generate(${JSON.stringify(PROMPT)}, ${
  JSON.stringify(OPTIONS)
})) text += token.text;
console.log(text);
`;

const WORKER = `
const worker = new Worker("data:text/javascript," + encodeURIComponent(\`
import { loadModel } from "@hymba/runtime";
await using model = await loadModel();
let text = "";
for await (const token of model.generate(${JSON.stringify(JSON.stringify(PROMPT)).slice(1, -1)}, ${
  JSON.stringify(OPTIONS)
})) text += token.text;
postMessage(text);
\`), { type: "module" });
worker.onmessage = ({ data }) => { console.log(data); worker.terminate(); };
`;

async function expected(): Promise<string> {
  await using model = await loadModel(undefined, { backend: "wasm" });
  const pieces = await Array.fromAsync(model.generate(PROMPT, OPTIONS), ({ text }) => text);
  return pieces.join("");
}

Deno.test("the published package runs in an empty project with no permission", async (t) => {
  const text = await expected();
  const registry = await publishToLoopback(ROOT);
  await using consumer = await createConsumer(registry.url);
  await t.step("deno run jsr:@hymba/runtime/cli generates", async () => {
    assertEquals(await consumer.deno("run", "jsr:@hymba/runtime/cli", ...CLI_ARGS), text);
  });
  await consumer.write("deno.json", "{}");
  await consumer.deno("add", "--quiet", "jsr:@hymba/runtime");
  await t.step("its module type-checks and generates", async () => {
    await consumer.write("main.ts", MODULE);
    assertEquals(await consumer.deno("run", "--check", "main.ts"), `${text}\n`);
  });
  await t.step("its module generates in a worker", async () => {
    await consumer.write("worker.ts", WORKER);
    assertEquals(await consumer.deno("run", "worker.ts"), `${text}\n`);
  });
  await registry[Symbol.asyncDispose]();
  await t.step("once installed it needs no network, weights included", async () => {
    assertEquals(await consumer.deno("run", "--cached-only", "main.ts"), `${text}\n`);
  });
  await t.step("what was not installed is not there", async () => {
    await consumer.write("other.ts", 'import "jsr:@hymba/runtime@0.0.1";');
    await assertRejects(() => consumer.deno("run", "--cached-only", "other.ts"));
  });
  assert(registry.requests.some((path) => path.endsWith(".wasm")), "the weights came from the registry");
});
