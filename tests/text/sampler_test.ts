import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { ConfigError, KernelError } from "../../runtime/errors.ts";
import { CounterRandom } from "../../runtime/random.ts";
import { argmax, Sampler } from "../../runtime/sampler.ts";
import {
  type ResolvedSampling,
  resolveSampling,
  type SamplingOptions,
} from "../../runtime/sampling_options.ts";
import { type Seeded, seeded } from "./seeded.ts";
import { keptByOracle } from "./truncation_oracle.ts";

function sampler(options: SamplingOptions, vocabSize: number): Sampler {
  return new Sampler(resolveSampling({ seed: 1, ...options }), vocabSize);
}

function drawnByOracle(logits: Float32Array, options: ResolvedSampling, step: number): number {
  const inverse = Math.fround(1 / options.temperature);
  const z = Array.from(logits, (logit) => Math.fround(logit * inverse));
  const kept = keptByOracle(z, options), random = new CounterRandom(options.seed);
  let best = -1, bestScore = -Infinity;
  for (let id = 0; id < z.length; id++) {
    const score = z[id] + random.gumbel(step, id);
    if (kept.has(id) && score > bestScore) [best, bestScore] = [id, score];
  }
  return best;
}

function randomLogits(draw: Seeded, size: number): Float32Array {
  const spread = draw.of([0, 0.1, 1, 4, 10, 40]);
  const coarse = draw.number() < 0.4; // many ties
  return Float32Array.from({ length: size }, () => {
    const logit = spread * draw.normal();
    return draw.number() < 0.01 ? -Infinity : coarse ? Math.round(logit) : logit;
  });
}

function randomOptions(draw: Seeded): SamplingOptions {
  return {
    temperature: draw.of([0.001, 0.3, 0.8, 1, 2, 20]),
    topK: draw.of([0, 0, 1, 2, 5, 40, 1000, 100000]),
    topP: draw.of([0, 0.1, 0.5, 0.9, 0.95, 0.999, 1]),
    minP: draw.of([0, 0, 0.01, 0.2, 1]),
    seed: draw.integer(2 ** 31),
  };
}

Deno.test("Sampler draws what an oracle draws that sorts all and skips nothing", () => {
  const draw = seeded(1);
  for (let round = 0; round < 600; round++) {
    const logits = randomLogits(draw, 1 + draw.integer(round % 20 === 0 ? 5000 : 200));
    if (!logits.some(Number.isFinite)) continue;
    const options = resolveSampling(randomOptions(draw));
    const chooser = new Sampler(options, logits.length);
    for (let step = 0; step < 8; step++) {
      const got = chooser.sample(logits).id, want = drawnByOracle(logits, options, step);
      assertEquals(
        got,
        want,
        `round ${round}, step ${step}, ${logits.length} logits, ${JSON.stringify(options)}`,
      );
    }
  }
});

/** Chi-square statistic of counts against probabilities; categories expected less than 5 times are pooled. */
function chiSquare(
  counts: readonly number[],
  probabilities: readonly number[],
): { statistic: number; degrees: number } {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let statistic = 0, degrees = -1, pooledCount = 0, pooledExpected = 0;
  probabilities.forEach((p, id) => {
    const expected = p * total;
    if (expected < 5) {
      pooledCount += counts[id];
      pooledExpected += expected;
      return;
    }
    statistic += (counts[id] - expected) ** 2 / expected;
    degrees++;
  });
  if (pooledExpected > 0) statistic += (pooledCount - pooledExpected) ** 2 / Math.max(pooledExpected, 1);
  return { statistic, degrees };
}

for (
  const options of [
    { topP: 1, temperature: 1 },
    { topP: 1, temperature: 1.7 },
    { topP: 0.8, temperature: 1 },
    { topK: 7, topP: 1, temperature: 1 },
  ]
) {
  Deno.test(`Sampler follows the truncated softmax (chi-square), ${JSON.stringify(options)}`, () => {
    const draw = seeded(5);
    const logits = Float32Array.from({ length: 50 }, () => 2 * draw.normal());
    const resolved = resolveSampling({ ...options, seed: 99 });
    const z = Array.from(logits, (logit) => Math.fround(logit * Math.fround(1 / resolved.temperature)));
    const kept = keptByOracle(z, resolved);
    const weights = z.map((value, id) => kept.has(id) ? Math.exp(value) : 0);
    const sum = weights.reduce((a, b) => a + b);
    const counts = new Array<number>(50).fill(0);
    const chooser = new Sampler(resolved, 50);
    for (let i = 0; i < 40_000; i++) counts[chooser.sample(logits).id]++;
    const { statistic, degrees } = chiSquare(counts, weights.map((w) => w / sum));
    assert(counts.every((count, id) => kept.has(id) || count === 0));
    assert(
      statistic < degrees + 4 * Math.sqrt(2 * degrees) + 4,
      `${statistic} at ${degrees} degrees of freedom`,
    );
  });
}

Deno.test("Sampler gives the same ids for the same seed and others for another", () => {
  const logits = new Float32Array(1000);
  const run = (seed: number): number[] => {
    const chooser = sampler({ seed, topP: 1 }, 1000);
    return Array.from({ length: 50 }, () => chooser.sample(logits).id);
  };
  assertEquals(run(3), run(3));
  assert(run(3).join() !== run(4).join());
});

Deno.test("Sampler goes on from its state as if it had never stopped", () => {
  const draw = seeded(8);
  const logits = Array.from({ length: 40 }, () => randomLogits(seeded(draw.integer(1e6)), 64));
  const options = resolveSampling({ frequencyPenalty: 1, repetitionPenalty: 1.5, penaltyWindow: 7, seed: 5 });
  const whole = new Sampler(options, 64);
  whole.observe([1, 2, 3]);
  const want = logits.map((row) => whole.sample(row).id);
  const first = new Sampler(options, 64);
  first.observe([1, 2, 3]);
  const got = logits.slice(0, 20).map((row) => first.sample(row).id);
  const state = JSON.parse(JSON.stringify(first.state));
  assertEquals(state, { seed: 5, step: 20, recentIds: want.slice(13, 20) });
  const second = new Sampler(resolveSampling({ ...options, logitBias: {}, seed: 6 }), 64, state);
  got.push(...logits.slice(20).map((row) => second.sample(row).id));
  assertEquals(got, want);
});

Deno.test("Sampler.pick repeats itself and leaves the logits alone; accept goes on", () => {
  const logits = Float32Array.from({ length: 500 }, (_, id) => Math.sin(id));
  const copy = logits.slice();
  const one = sampler({ repetitionPenalty: 2, logitBias: { 3: 5 } }, 500),
    other = sampler({ repetitionPenalty: 2, logitBias: { 3: 5 } }, 500);
  for (let i = 0; i < 20; i++) {
    const { id } = one.pick(logits);
    assertEquals(one.pick(logits).id, id);
    one.accept(id);
    assertEquals(other.sample(logits).id, id);
  }
  assertEquals(logits, copy);
  assertEquals(one.state, other.state);
});

Deno.test("Sampler at temperature 0 takes the largest logit, the lowest id among equals", () => {
  assertEquals(sampler({ temperature: 0 }, 5).sample(Float32Array.of(1, 3, 3, 2, 3)).id, 1);
  assertEquals(argmax(Float32Array.of(-Infinity, -5, -Infinity)), 1);
});

Deno.test("Sampler takes the lowest id when two draw the same score", () => {
  const random = new CounterRandom(1), seen = new Map<number, number>();
  let pair: [number, number] | undefined;
  for (let id = 0; pair === undefined; id++) {
    const u = random.uniform(0, id), earlier = seen.get(u);
    if (earlier !== undefined) pair = [earlier, id];
    seen.set(u, id);
  }
  const logits = new Float32Array(pair[1] + 1).fill(-Infinity);
  logits[pair[0]] = logits[pair[1]] = 1;
  assertEquals(sampler({ topP: 1 }, logits.length).sample(logits).id, pair[0]);
});

Deno.test("Sampler applies bias, then penalties, before choosing", () => {
  const greedy = (options: SamplingOptions, logits: number[], history: number[]): number => {
    const chooser = sampler({ temperature: 0, ...options }, logits.length);
    chooser.observe(history);
    return chooser.sample(Float32Array.from(logits)).id;
  };
  assertEquals(greedy({ logitBias: { 2: 10 } }, [5, 4, 1], []), 2);
  assertEquals(greedy({ logitBias: { 0: -Infinity } }, [5, 4, 1], []), 1);
  assertEquals(greedy({ repetitionPenalty: 2 }, [5, 4, 1], [0]), 1); // 5 / 2 < 4
  assertEquals(greedy({ repetitionPenalty: 2 }, [-1, -1.5, -9], [0]), 1); // -1 * 2 < -1.5
  assertEquals(greedy({ presencePenalty: 0.9 }, [5, 4, 1], [0, 0, 0]), 0); // once, however often
  assertEquals(greedy({ frequencyPenalty: 0.4 }, [5, 4, 1], [0, 0, 0]), 1); // 5 - 3 * 0.4 < 4
  assertEquals(greedy({ frequencyPenalty: 0.4, penaltyWindow: 2 }, [5, 4, 1], [0, 0, 0]), 0);
  assertEquals(greedy({ frequencyPenalty: 9, penaltyWindow: 0 }, [5, 4, 1], [0]), 0);
  assertEquals(greedy({ frequencyPenalty: 9 }, [5, 4, 1], [70, 2]), 0); // an id beyond the logits changes nothing
});

Deno.test("Sampler's penalty window forgets the oldest tokens first", () => {
  const chooser = sampler({ penaltyWindow: 3 }, 10);
  const draw = seeded(4), all: number[] = [];
  for (let i = 0; i < 100; i++) {
    const id = draw.integer(5);
    all.push(id);
    chooser.observe([id]);
    assertEquals(chooser.state.recentIds, all.slice(-3));
  }
});

Deno.test("Sampler reports log-probabilities of the raw logits, whatever else is asked", () => {
  const logits = Float32Array.of(1, 3, 2, 3, -Infinity);
  const logSum = Math.log(Math.exp(1) + 2 * Math.exp(3) + Math.exp(2));
  const token = sampler({ temperature: 0, logprobs: 3, logitBias: { 0: 100 } }, 5).sample(logits);
  assertEquals(token.id, 0);
  assertAlmostEquals(token.logprob!, 1 - logSum, 1e-12);
  assertEquals(token.topLogprobs!.map(({ id }) => id), [1, 3, 2]);
  assertAlmostEquals(token.topLogprobs![2].logprob, 2 - logSum, 1e-12);
  assertEquals(sampler({ logprobs: 0 }, 5).sample(logits).topLogprobs, []);
  assertEquals(sampler({ logprobs: 20 }, 5).sample(logits).topLogprobs!.length, 5);
  assertEquals(Object.keys(sampler({}, 5).sample(logits)), ["id"]);
});

Deno.test("Sampler's top log-probabilities are those of a full sort", () => {
  const draw = seeded(21);
  for (let round = 0; round < 50; round++) {
    const logits = randomLogits(draw, 300);
    const sorted = [...logits.keys()].sort((a, b) => logits[b] - logits[a] || a - b).filter((id) =>
      logits[id] > -Infinity
    );
    const { topLogprobs } = sampler({ logprobs: 20, temperature: 0 }, 300).sample(logits);
    assertEquals(topLogprobs!.map(({ id }) => id), sorted.slice(0, 20));
  }
});

Deno.test("Sampler refuses NaN and +Infinity, and logits that allow no token", () => {
  for (const temperature of [0, 1]) {
    assertThrows(
      () => sampler({ temperature }, 3).sample(Float32Array.of(1, NaN, 2)),
      KernelError,
      "logit 1 is NaN",
    );
    assertThrows(
      () => sampler({ temperature }, 3).sample(Float32Array.of(1, 2, Infinity)),
      KernelError,
      "logit 2",
    );
    const none = Float32Array.of(-Infinity, -Infinity);
    assertThrows(() => sampler({ temperature }, 2).sample(none), ConfigError, "all 2 logits are -Infinity");
  }
});
