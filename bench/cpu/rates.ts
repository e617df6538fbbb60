/** @file Tokens a second of a loaded model: decoding, and a prompt. */
import type { Model } from "../../mod.ts";

/** Tokens a second, one after the other, after a short prompt. */
export async function decodeRate(model: Model, tokens: number): Promise<number> {
  await using session = await model.createSession();
  await session.append(promptIds(model, 8));
  const generation = session.generate({ temperature: 0, maxTokens: tokens + 1, logitBias: noEnd(model) });
  await generation.next(); // the prompt's logits, and what a first token compiles
  const start = performance.now();
  let count = 0;
  for await (const _ of generation) count++;
  return 1000 * count / (performance.now() - start);
}

/** Tokens a second of a prompt, up to the logits after it. */
export async function promptRate(model: Model, tokens: number): Promise<number> {
  await using session = await model.createSession();
  const start = performance.now();
  await session.append(promptIds(model, tokens));
  await session.nextLogits();
  return 1000 * tokens / (performance.now() - start);
}

/** So many ids of the vocabulary, the same every time. */
export function promptIds({ config: { vocabSize } }: Model, tokens: number): number[] {
  return Array.from({ length: tokens }, (_, i) => 3 + (i * 37) % (vocabSize - 3));
}

/** A bias under which no generation ends early. */
function noEnd({ eosTokenIds, config }: Model): Record<number, number> {
  const ids = eosTokenIds.length > 0 ? eosTokenIds : config.eosTokenIds;
  return Object.fromEntries(ids.map((id) => [id, -Infinity]));
}
