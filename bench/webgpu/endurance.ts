/**
 * @file Does a GPU stay as fast, and its state as large, over very many tokens? The default model generates in one session; a line for each
 * tenth: `deno run -A bench/webgpu/endurance.ts TOKENS [GLOBAL_WINDOW]`. Without a window, global layers keep every token.
 */
import { loadModel } from "../../mod.ts";

async function main(tokens: number, globalWindow?: number): Promise<void> {
  await using model = await loadModel(undefined, { backend: "webgpu", kvDtype: "f16" });
  console.log(JSON.stringify(model.backend.adapter));
  await using session = await model.createSession({ globalWindow });
  await session.append("Once upon a time");
  const logitBias = Object.fromEntries(model.eosTokenIds.map((id) => [id, -Infinity]));
  const options = { maxTokens: tokens, seed: 1, logitBias, repetitionPenalty: 1.1 };
  let [start, before] = [performance.now(), 0];
  for await (const { index } of session.generate(options)) {
    if ((index + 1) % Math.ceil(tokens / 10) > 0 && index !== 999) continue;
    const rate = 1000 * (index + 1 - before) / (performance.now() - start);
    const megabytes = session.stateBytes / 1e6;
    console.log(`${index + 1} tokens: ${rate.toFixed(0)} tokens/s, ${megabytes.toFixed(2)} MB of state`);
    [start, before] = [performance.now(), index + 1];
  }
}

const [tokens, globalWindow] = Deno.args.map(Number);
await main(tokens, globalWindow);
