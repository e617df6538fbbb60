/** @file A generation to its end. */
import type { GenerationSummary, Token } from "../runtime/generation_options.ts";

/** Passes every token on and returns the summary. */
export async function drain(
  tokens: AsyncGenerator<Token, GenerationSummary>,
  take: (token: Token) => Promise<void>,
): Promise<GenerationSummary> {
  try {
    for (;;) {
      const next = await tokens.next();
      if (next.done) return next.value;
      await take(next.value);
    }
  } finally {
    await tokens.return(undefined as never); // when taking failed: the generation ends here
  }
}
