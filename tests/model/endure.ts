/**
 * A process that generates very many tokens in one session and prints what it holds now and then, as JSON lines:
 * `endure.ts TOKENS GLOBAL_WINDOW EVERY [CHECKPOINT]`. Needs `--v8-flags=--expose-gc`.
 */
import { loadModel } from "../../mod.ts";

/** What the process holds after so many tokens, in bytes. */
export interface Sample {
  readonly tokens: number;
  /** Of the session's state in the backend's memory. */
  readonly stateBytes: number;
  /** Of the process in the machine's memory. */
  readonly rss: number;
  /** Of JavaScript objects, right after a garbage collection. */
  readonly heapUsed: number;
}

declare const gc: () => void;

async function endure(
  maxTokens: number,
  globalWindow: number,
  every: number,
  checkpoint?: string,
): Promise<void> {
  await using model = await loadModel(checkpoint, { backend: "wasm" });
  await using session = await model.createSession({ globalWindow });
  await session.append(checkpoint === undefined ? "Once upon a time" : [3, 4, 5]);
  const logitBias = Object.fromEntries(model.eosTokenIds.map((id) => [id, -Infinity]));
  for await (const token of session.generate({ maxTokens, seed: 1, logitBias, repetitionPenalty: 1.1 })) {
    if ((token.index + 1) % every > 0) continue;
    gc();
    const { rss, heapUsed } = Deno.memoryUsage();
    const sample: Sample = { tokens: token.index + 1, stateBytes: session.stateBytes, rss, heapUsed };
    console.log(JSON.stringify(sample));
  }
}

if (import.meta.main) {
  const [tokens, globalWindow, every, checkpoint] = Deno.args;
  await endure(Number(tokens), Number(globalWindow), Number(every), checkpoint);
}
