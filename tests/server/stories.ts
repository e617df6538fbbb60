/** The default model for tests of the server, and requests for its stories. */
import { loadModel } from "../../runtime/load_model.ts";
import type { GenerateOptions } from "../../runtime/generation_options.ts";
import type { Model } from "../../runtime/model.ts";

export const model: Model = await loadModel();
export const PROMPT = "Once upon a time";
export const MESSAGES = [{ role: "user" as const, content: PROMPT }];
export const WITHOUT_END = Object.fromEntries(model.eosTokenIds.map((id) => [id, -100]));
export const GREEDY = { model: "stories", prompt: PROMPT, temperature: 0 };
export const ENDLESS = { ...GREEDY, logit_bias: WITHOUT_END };

export async function generated(
  options: GenerateOptions,
  prompt: string | number[] = PROMPT,
): Promise<string> {
  let text = "";
  for await (const token of model.generate(prompt, { topP: 1, ...options })) text += token.text;
  return text;
}
