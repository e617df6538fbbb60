/**
 * Dawn, from the npm package `webgpu`, in the runtimes that have no WebGPU of their own: generations, several tokens ahead or none, write
 * the text that WASM writes. Part of `deno task test:dawn`; Dawn in Deno is tested by tests/webgpu there.
 */
import { assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { loadModel } from "../../mod.ts";
import { linkPackages, npmPackages } from "../../scripts/npm_packages.ts";
import { programOf, runtimeTest } from "./catalogue.ts";
import { createNpmProject, runToEnd } from "./npm_project.ts";
import { PROMPT } from "./prompt.js";

const HERE = new URL("./", import.meta.url);

async function expectedPieces(): Promise<string[]> {
  await using model = await loadModel(undefined, { backend: "wasm" });
  const tokens = await Array.fromAsync(model.generate(PROMPT, { temperature: 0, maxTokens: 12 }));
  return tokens.map(({ text }) => text);
}

for (const runtime of ["node22", "node24", "bun"]) {
  const program = programOf(runtime);
  runtimeTest("loadModel of the npm build generates through Dawn", { runtime, program }, async () => {
    await using project = await createNpmProject();
    await linkPackages(await npmPackages([config.imports.webgpu]), `${project.folder}/node_modules`);
    for (const file of ["dawn.js", "prompt.js"]) {
      await Deno.copyFile(new URL(file, HERE), `${project.folder}/${file}`);
    }
    const lines = (await runToEnd([program, "dawn.js"], { cwd: project.folder })).trimEnd().split("\n");
    const whole = await expectedPieces();
    assertEquals(lines.map((line) => JSON.parse(line)), Array(4).fill({ whole, resumed: whole }));
  });
}
