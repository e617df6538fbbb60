/** @file The outer story: step after step, until something ends it. */
import type { EventLoopTurns } from "./event_loop.ts";
import type { Generation, TokenSource } from "./generation.ts";
import { GenerationClock, type GenerationFigures, type PromptTiming } from "./generation_clock.ts";
import type { FinishReason, Token } from "./generation_options.ts";

/** How a generation ended, and its figures. */
export interface Ending extends GenerationFigures {
  readonly finishReason: FinishReason;
  readonly stop?: string;
}

/**
 * Yields a generation's tokens, to the last one or until the signal is aborted.
 *
 * @throws what a step throws, {@linkcode Generation.step}
 */
export async function* generateTokens(
  generation: Generation,
  source: TokenSource,
  prompt: PromptTiming,
  turns: EventLoopTurns,
  signal?: AbortSignal,
): AsyncGenerator<Token, Ending> {
  const clock = new GenerationClock(prompt);
  while (!signal?.aborted) {
    const { token, finished } = await generation.step(source);
    clock.count();
    yield token;
    if (finished !== null) {
      const { reason: finishReason, stop } = finished;
      return { finishReason, ...(stop === undefined ? {} : { stop }), ...clock.figures };
    }
    await turns.turn();
  }
  return { finishReason: "abort", ...clock.figures };
}
