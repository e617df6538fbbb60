// The same in workerd: an isolate that may compile no WebAssembly answers a request line by line.
import { loadModel } from "@hymba/runtime";
import { OPTIONS, PROMPT } from "./prompt.js";

const encoder = new TextEncoder();

async function answer(writer) {
  const model = await loadModel();
  const line = (value) => writer.write(encoder.encode(`${JSON.stringify(value)}\n`));
  for await (const { text } of model.generate(PROMPT, OPTIONS)) await line(text);
  await line(model.backend);
  await model[Symbol.asyncDispose]();
  await writer.close();
}

export default {
  fetch(_request, _env, context) {
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    context.waitUntil(answer(writer).catch((error) => writer.abort(error)));
    return new Response(readable);
  },
};
