/**
 * The same module in every runtime that it promises: each streams the same greedy text from the default model. Deno takes the
 * sources, the others the npm build. `deno task test:runtimes`, after `deno task install:runtimes`.
 */
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { type BackendReport, loadModel } from "../../mod.ts";
import { CHROMIUM, programOf, runtimeTest } from "./catalogue.ts";
import { openChromium } from "./chromium.ts";
import { createNpmProject, runToEnd } from "./npm_project.ts";
import { OPTIONS, PROMPT } from "./prompt.js";
import { serveFolder } from "./serve_folder.ts";
import { serveWorkerd } from "./workerd.ts";

const HERE = new URL("./", import.meta.url);

/** Logits of two backends differ by less than half of this. */
const SAFE_MARGIN = 0.1;

/** The pieces of the answer. */
async function expectedPieces(): Promise<string[]> {
  await using model = await loadModel(undefined, { backend: "wasm" });
  const tokens = await Array.fromAsync(model.generate(PROMPT, OPTIONS));
  for (const { topLogprobs } of tokens) {
    const [{ logprob: best }, { logprob: second }] = topLogprobs!;
    assertGreater(best - second, SAFE_MARGIN, "the prompt has no near ties");
  }
  return tokens.map(({ text }) => text);
}

const pieces = await expectedPieces();
const project = await createNpmProject();
globalThis.addEventListener("unload", () => Deno.removeSync(project.folder, { recursive: true }));

/** Checks an answer's lines: its pieces, one a token, and the backend. */
function assertAnswer(lines: string): void {
  const values = lines.trimEnd().split("\n").map((line) => JSON.parse(line));
  const backend: BackendReport = values.pop();
  assertEquals(values, pieces);
  assertEquals(backend.kind, "wasm");
  assertMatch(backend.reason, /self-test|the module given/);
}

async function askDeno(program: string): Promise<string> {
  const imports = { ...config.imports, "@hymba/runtime": new URL("../../mod.ts", HERE).href };
  const map = `data:application/json,${encodeURIComponent(JSON.stringify({ imports }))}`;
  const args = ["run", "--no-prompt", "--quiet", "--no-lock", `--import-map=${map}`, "answer.js"];
  return await runToEnd([program, ...args], { cwd: HERE });
}

for (const [runtime, program] of [["deno", Deno.execPath()], ["deno2.5", programOf("deno2.5")]]) {
  runtimeTest("loadModel generates with no permission", { runtime, program }, async () => {
    assertAnswer(await askDeno(program));
  });
}

for (const runtime of ["node22", "node24", "bun"]) {
  const program = programOf(runtime);
  runtimeTest("loadModel of the npm build generates", { runtime, program }, async () => {
    for (const file of ["answer.js", "prompt.js"]) {
      await Deno.copyFile(new URL(file, HERE), `${project.folder}/${file}`);
    }
    assertAnswer(await runToEnd([program, "answer.js"], { cwd: project.folder }));
  });
  runtimeTest("createHandler of the npm build answers", { runtime, program }, async () => {
    await Deno.copyFile(new URL("handler.js", HERE), `${project.folder}/handler.js`);
    const { choices: [{ text }] } = JSON.parse(
      await runToEnd([program, "handler.js"], { cwd: project.folder }),
    );
    assertEquals(text, pieces.join(""));
  });
  runtimeTest("hymba of the npm build generates", { runtime, program }, async () => {
    const args = ["generate", PROMPT, "--greedy", "--max-tokens", String(OPTIONS.maxTokens), "--quiet"];
    const hymba = `${project.packageFolder}/hymba.js`;
    assertEquals(await runToEnd([program, hymba, ...args], { cwd: project.folder }), pieces.join(""));
  });
}

Deno.test("loadModel of the npm build has types", async () => {
  await Deno.copyFile(new URL("typed.ts", HERE), `${project.folder}/typed.ts`);
  await Deno.writeTextFile(`${project.folder}/deno.json`, '{ "nodeModulesDir": "manual" }');
  await runToEnd([Deno.execPath(), "check", "--no-lock", "typed.ts"], { cwd: project.folder });
});

runtimeTest(
  "loadModel of the npm build generates where nothing may be compiled",
  { runtime: "workerd", program: programOf("workerd") },
  async () => {
    await using server = await serveWorkerd(programOf("workerd"), project);
    const response = await fetch(server.url);
    assert(response.ok);
    assertAnswer(await response.text());
  },
);

runtimeTest(
  "loadModel of the browser build generates in a page",
  { runtime: "chromium", program: CHROMIUM },
  async () => {
    await using server = serveFolder(project.packageFolder);
    await using chromium = await openChromium();
    const page = await chromium.newPage(`${server.url}empty.html`);
    const lines = await page.evaluate(async ([url, prompt, options]) => {
      const { loadModel } = await import(url);
      const model = await loadModel();
      const lines: string[] = [];
      for await (const { text } of model.generate(prompt, options)) lines.push(JSON.stringify(text));
      return [...lines, JSON.stringify(model.backend)].join("\n");
    }, [`${server.url}browser.js`, PROMPT, OPTIONS] as const);
    assertAnswer(lines);
  },
);
