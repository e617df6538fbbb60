// What a process with Dawn runs: for each number of tokens ahead a JSON line with a text and with how it goes on after a snapshot.
import { create } from "webgpu";
import { loadModel } from "@hymba/runtime";
import { PROMPT } from "./prompt.js";

const OPTIONS = { temperature: 0, maxTokens: 12 };
const gpu = create([]);

/** The pieces of a generation, the first `most` of them. */
async function pieces(tokens, most = Infinity) {
  const seen = [];
  for await (const { text } of tokens) if (seen.push(text) >= most) break;
  return seen;
}

for (const runAhead of [1, 5, 32, undefined]) {
  const model = await loadModel(undefined, {
    backend: { kind: "webgpu", gpu, allowSoftware: true, runAhead },
  });
  const whole = await pieces(model.generate(PROMPT, OPTIONS));
  const session = await model.createSession();
  await session.append(PROMPT);
  const begun = await pieces(session.generate(OPTIONS), 4);
  const again = await model.restoreSession(await session.snapshot());
  const rest = await pieces(again.generate({ ...OPTIONS, maxTokens: OPTIONS.maxTokens - begun.length }));
  console.log(JSON.stringify({ whole, resumed: [...begun, ...rest] }));
  await model[Symbol.asyncDispose]();
}
