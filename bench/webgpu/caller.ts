/** @file The default model through the public API: what a caller waits for. */
import { loadModel, type LoadOptions } from "../../mod.ts";

const PROMPT = Array.from({ length: 512 }, (_, i) => 3 + (i * 37) % 4000);

/** Tokens a second over `tokens` of them, milliseconds to the first, prompt tokens a second. */
export async function callerTimings(
  backend: LoadOptions["backend"],
  tokens: number,
): Promise<Record<string, number>> {
  await using model = await loadModel(undefined, { backend });
  const logitBias = Object.fromEntries(model.config.eosTokenIds.map((id) => [id, -100])); // to go on to the last token
  const rates: Record<string, number> = {};
  for (let round = 0; round < 3; round++) {
    await using session = await model.createSession();
    const start = performance.now();
    await session.append(PROMPT);
    await session.nextLogits();
    rates.promptTokensPerSecond = 1000 * PROMPT.length / (performance.now() - start);
    const began = performance.now();
    let count = 0;
    for await (
      const _ of session.generate({ temperature: 0.8, topP: 0.95, seed: round, maxTokens: tokens, logitBias })
    ) {
      if (count++ === 0) rates.firstTokenMilliseconds = performance.now() - began;
    }
    rates.tokensPerSecond = 1000 * count / (performance.now() - began);
    rates.tokens = count;
  }
  return rates;
}
