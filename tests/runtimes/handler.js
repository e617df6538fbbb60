// The server without its socket: one completion, as JSON.
import { loadModel } from "@hymba/runtime";
import { createHandler } from "@hymba/runtime/server";
import { OPTIONS, PROMPT } from "./prompt.js";

const model = await loadModel();
const handler = createHandler(model);
const body = { model: "stories", prompt: PROMPT, temperature: 0, max_tokens: OPTIONS.maxTokens };
const headers = { "content-type": "application/json" };
const request = new Request("http://localhost/v1/completions", {
  method: "POST",
  headers,
  body: JSON.stringify(body),
});
console.log(await (await handler(request)).text());
await handler.drain(0);
await model[Symbol.asyncDispose]();
