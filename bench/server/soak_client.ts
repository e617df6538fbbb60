/** @file One client of the soak: asks for streams one after the other, and notes when their tokens come. */

/** What one client saw. Times in milliseconds. */
export interface ClientFigures {
  /** From sending a request to its first token. */
  readonly firstToken: number[];
  /** From one token to the next. */
  readonly interToken: number[];
  tokens: number;
  streams: number;
  /** Requests that the server turned away, and that were sent again. */
  refused: number;
  /** Streams that ended without a reason: has to stay 0. */
  withoutReason: number;
}

/** Nothing seen yet. */
export function noFigures(): ClientFigures {
  return { firstToken: [], interToken: [], tokens: 0, streams: 0, refused: 0, withoutReason: 0 };
}

/** How a client behaves. */
export interface ClientPlan {
  readonly url: string;
  readonly maxTokens: number;
  /** When to send the last request, by `performance.now()`. */
  readonly until: number;
  readonly seed: number;
}

/** Sends requests until it is time to stop; a stream that has begun is read to its end. */
export async function runClient(
  { url, maxTokens, until, seed }: ClientPlan,
  figures: ClientFigures,
): Promise<void> {
  for (let round = 0; performance.now() < until; round++) {
    const body = {
      ...{ model: "stories", prompt: "Once upon a time", max_tokens: maxTokens, stream: true },
      seed: seed * 100_000 + round,
    };
    const start = performance.now();
    const response = await fetch(`${url}/v1/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (response.status === 429) {
      figures.refused++;
      await response.body?.cancel();
      const seconds = Number(response.headers.get("retry-after"));
      await new Promise((resolve) =>
        setTimeout(resolve, Math.min(1000 * seconds, Math.max(0, until - performance.now())))
      );
    } else if (!response.ok) {
      throw new Error(`the server answered ${response.status}: ${await response.text()}`);
    } else await readStream(response, start, figures);
  }
}

async function readStream(response: Response, start: number, figures: ClientFigures): Promise<void> {
  let text = "", last = start, count = 0, reason: string | null = null;
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const data = text.slice("data: ".length, end);
      text = text.slice(end + 2);
      if (data === "[DONE]") continue;
      const { choices, error } = JSON.parse(data);
      reason = choices?.[0]?.finish_reason ?? error?.code ?? reason;
      if (choices?.[0]?.text === "" || choices === undefined) continue;
      const now = performance.now();
      (count++ === 0 ? figures.firstToken : figures.interToken).push(now - last);
      last = now;
    }
  }
  figures.tokens += count;
  figures.streams++;
  if (reason === null) figures.withoutReason++;
}
