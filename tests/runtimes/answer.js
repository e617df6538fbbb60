// What a process of every runtime runs: a JSON line a token, then one with the backend.
import { loadModel } from "@hymba/runtime";
import { OPTIONS, PROMPT } from "./prompt.js";

const model = await loadModel();
for await (const { text } of model.generate(PROMPT, OPTIONS)) console.log(JSON.stringify(text));
console.log(JSON.stringify(model.backend));
await model[Symbol.asyncDispose]();
