/** @file Counts and times in Prometheus' text format (version 0.0.4). */

type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  lines(): string[];
}

/** A number that grows. */
export class Counter implements Metric {
  readonly type = "counter";
  readonly #values = new Map<string, number>();

  constructor(readonly name: string, readonly help: string) {}

  /** Adds to the number of these labels. */
  add(amount = 1, labels: Labels = {}): void {
    const key = format(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + amount);
  }

  lines(): string[] {
    if (this.#values.size === 0) return [`${this.name} 0`];
    return [...this.#values].map(([labels, value]) => `${this.name}${labels} ${value}`);
  }
}

/** A number that is looked up when someone asks. */
export class Gauge implements Metric {
  readonly type = "gauge";

  constructor(readonly name: string, readonly help: string, readonly read: () => number) {}

  lines(): string[] {
    return [`${this.name} ${this.read()}`];
  }
}

/** Seconds, from a fraction of a token's to a long request's. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** How long something took, in seconds. */
export class Histogram implements Metric {
  readonly type = "histogram";
  readonly #counts = new Float64Array(BOUNDS.length + 1);
  #sum = 0;

  constructor(readonly name: string, readonly help: string) {}

  /** Counts one duration. */
  observe(seconds: number): void {
    const place = BOUNDS.findIndex((bound) => seconds <= bound);
    this.#counts[place < 0 ? BOUNDS.length : place]++;
    this.#sum += seconds;
  }

  lines(): string[] {
    let count = 0;
    const buckets = [...BOUNDS, Infinity].map((bound, i) => {
      count += this.#counts[i];
      return `${this.name}_bucket{le="${bound === Infinity ? "+Inf" : bound}"} ${count}`;
    });
    return [...buckets, `${this.name}_sum ${this.#sum}`, `${this.name}_count ${count}`];
  }
}

/** What a server counts. */
export class ServerMetrics {
  readonly requests = new Counter("hymba_requests_total", "Requests by path and HTTP status");
  readonly promptTokens = new Counter("hymba_prompt_tokens_total", "Tokens of prompts");
  readonly generatedTokens = new Counter("hymba_generated_tokens_total", "Tokens generated");
  readonly finished = new Counter("hymba_sequences_total", "Sequences by why they ended");
  readonly firstToken = new Histogram(
    "hymba_time_to_first_token_seconds",
    "From a request to its first token",
  );
  readonly nextToken = new Histogram("hymba_inter_token_seconds", "From one token of a sequence to the next");
  readonly duration = new Histogram("hymba_generation_seconds", "From a request to its last token");
  readonly #gauges: readonly Gauge[];

  /** @param gauges what is looked up when someone asks */
  constructor(gauges: readonly Gauge[]) {
    this.#gauges = gauges;
  }

  /** The text that Prometheus reads. */
  toText(): string {
    const { requests, promptTokens, generatedTokens, finished, firstToken, nextToken, duration } = this;
    const all: Metric[] = [
      requests,
      promptTokens,
      generatedTokens,
      finished,
      firstToken,
      nextToken,
      duration,
    ];
    return [...all, ...this.#gauges].flatMap((metric) => [
      `# HELP ${metric.name} ${metric.help}`,
      `# TYPE ${metric.name} ${metric.type}`,
      ...metric.lines(),
    ]).join("\n") + "\n";
  }
}

function format(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
