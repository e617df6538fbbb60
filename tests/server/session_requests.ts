/** Requests of the session extension, and what comes of them. */
import { assert } from "@std/assert";
import { model, PROMPT, WITHOUT_END } from "./stories.ts";
import { eventsOf, type TestServer } from "./test_server.ts";

/** Stories do not end by themselves here: the tests count tokens. */
export const SAMPLING = { model: "stories", temperature: 1, seed: 12, logit_bias: WITHOUT_END };

/** JSON of an answer, whatever it is. */
// deno-lint-ignore no-explicit-any -- tests look into answers of many kinds
export type Json = any;

export async function newSession(server: TestServer, from?: string): Promise<string> {
  const { id } = await (await server.post("/v1/sessions", from === undefined ? {} : { from })).json();
  return id;
}

export async function complete(server: TestServer, body: object): Promise<Json> {
  return await (await server.post("/v1/completions", { ...SAMPLING, ...body })).json();
}

/** Reads a stream of completions, and how far it came; `stopAt` leaves it after that token. */
export async function readStream(
  response: Response,
  stopAt = Infinity,
): Promise<{ text: string; last: number; end: string }> {
  let text = "", last = -1, end = "";
  for await (const { id, data } of eventsOf(response)) {
    if (data === "[DONE]") break;
    const { choices: [choice], error } = JSON.parse(data);
    text += choice?.text ?? choice?.delta?.content ?? "";
    end = choice?.finish_reason ?? error?.code ?? end;
    if (id === null) continue;
    assert(Number(id) > last);
    last = Number(id);
    if (last >= stopAt) break;
  }
  return { text, last, end };
}

export async function wholeText(maxTokens: number): Promise<string> {
  let text = "";
  for await (
    const token of model.generate(PROMPT, {
      temperature: 1,
      topP: 1,
      seed: 12,
      maxTokens,
      logitBias: WITHOUT_END,
    })
  ) {
    text += token.text;
  }
  return text;
}
