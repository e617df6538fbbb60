/**
 * Sampling on the GPU against {@linkcode Sampler}. Both compute z bit for bit alike; they differ in the rounding of Gumbel noise and of
 * probability sums. So where the ids differ, the GPU's must win by f64 scores that are at most SCORE_TIE lower, under a topP at most
 * MASS_TIE away; and that is allowed for few choices only.
 */
import { assert, assertEquals } from "@std/assert";
import type { Backend } from "../../runtime/backend.ts";
import { openWebGpuBackend, type WebGpuBackend } from "../../runtime/backends/webgpu.ts";
import { applyPenalties } from "../../runtime/penalties.ts";
import { CounterRandom } from "../../runtime/random.ts";
import { Sampler } from "../../runtime/sampler.ts";
import {
  type ResolvedSampling,
  resolveSampling,
  type SamplingOptions,
} from "../../runtime/sampling_options.ts";
import type { Tensor } from "../../runtime/tensor.ts";
import { type Seeded, seeded } from "../text/seeded.ts";
import { keptByOracle } from "../text/truncation_oracle.ts";
import { gpuTest } from "./on_gpu.ts";

const SCORE_TIE = 4e-6;
const MASS_TIE = 4e-6;
/** Largest share of choices that may be ties. */
const MAX_TIES = 0.001;

function logitsTensor(backend: Backend, logits: Float32Array): Tensor {
  const tensor = backend.allocate([1, logits.length], "f32");
  backend.restore(tensor, new Uint8Array(logits.slice().buffer));
  return tensor;
}

function randomLogits(draw: Seeded, size: number): Float32Array {
  const spread = draw.of([0, 0.1, 1, 4, 10, 40]);
  const coarse = draw.number() < 0.4; // many ties
  return Float32Array.from({ length: size }, () => {
    const logit = spread * draw.normal();
    return draw.number() < 0.01 ? -Infinity : coarse ? Math.round(logit) : logit;
  });
}

function randomOptions(draw: Seeded, size: number): SamplingOptions {
  const penalised = draw.number() < 0.4;
  return {
    temperature: draw.of([0, 0.001, 0.3, 0.8, 1, 2, 20]),
    topK: draw.of([0, 0, 1, 2, 5, 40, 1000, 100000]),
    topP: draw.of([0, 0.1, 0.5, 0.9, 0.95, 0.999, 1]),
    minP: draw.of([0, 0, 0.01, 0.2, 1]),
    seed: draw.integer(2 ** 31) * 2 ** 20 + draw.integer(2 ** 20),
    ...penalised && {
      repetitionPenalty: draw.of([0.7, 1, 1.3]),
      presencePenalty: draw.of([0, 0.4, -1.1]),
      frequencyPenalty: draw.of([0, 0.3]),
      penaltyWindow: draw.of([0, 1, 3, 64, 5000]),
    },
    ...draw.number() < 0.3 && {
      logitBias: { [draw.integer(size)]: draw.normal(), [draw.integer(size)]: -Infinity },
    },
  };
}

/** Ids that win a step by the definitions, or nearly. */
function winners(logits: Float32Array, options: ResolvedSampling, step: number, counts: Map<number, number>) {
  const adjusted = logits.slice();
  applyPenalties(adjusted, counts, options);
  const inverse = Math.fround(1 / options.temperature);
  const z = Array.from(adjusted, (logit) => Math.fround(logit * inverse));
  const random = new CounterRandom(options.seed);
  const found = new Set<number>();
  for (const topP of [options.topP - MASS_TIE, options.topP, options.topP + MASS_TIE]) {
    const kept = [...keptByOracle(z, { ...options, topP: options.topP < 1 ? Math.max(0, topP) : 1 })];
    const scores = kept.map((id) => z[id] + random.gumbel(step, id));
    const best = scores.reduce((a, b) => Math.max(a, b), -Infinity);
    kept.filter((_, i) => scores[i] >= best - SCORE_TIE).forEach((id) => found.add(id));
  }
  return found;
}

/** Chooses `steps` tokens from the same logits on both; how many were ties. */
async function compare(
  backend: WebGpuBackend,
  logits: Float32Array,
  options: ResolvedSampling,
  history: readonly number[],
  steps: number,
): Promise<number> {
  const chooser = new Sampler(options, logits.length);
  chooser.observe(history);
  const resident = backend.resident.acquire(options, logits.length);
  const tensor = logitsTensor(backend, logits);
  resident.begin(chooser.state, 0);
  for (let i = 0; i < steps; i++) resident.sample(tensor);
  const got = await resident.read(steps);
  const id = await backend.save(resident.id);
  assertEquals(new Uint32Array(id.slice().buffer)[0], got[steps - 1]);
  resident.release();
  backend.free(tensor);
  let ties = 0;
  for (let step = 0; step < steps; step++) {
    const { recentIds } = chooser.state;
    const wanted = chooser.pick(logits).id;
    const id = got[step]!;
    if (id !== wanted) {
      const where = `step ${step} of ${logits.length} logits, ${JSON.stringify(options)}`;
      assert(options.temperature > 0, `${id} is not the best, ${wanted}: ${where}`);
      const counts = new Map<number, number>();
      recentIds.forEach((recent) => counts.set(recent, (counts.get(recent) ?? 0) + 1));
      assert(winners(logits, options, step, counts).has(id), `${id} does not win, ${wanted} does: ${where}`);
      ties++;
    }
    chooser.accept(id);
  }
  return ties;
}

gpuTest("WebGpuSampler.sample chooses what Sampler chooses, whatever the options", async (options) => {
  const backend = await openWebGpuBackend(options);
  const draw = seeded(1);
  let ties = 0, choices = 0;
  for (let round = 0; round < 300; round++) {
    const size = 1 + draw.integer(round % 20 === 0 ? 5000 : 300);
    const logits = randomLogits(draw, size);
    const sampling = resolveSampling(randomOptions(draw, size), size);
    const history = Array.from({ length: draw.integer(8) }, () => draw.integer(size));
    const forbidden = sampling.logitBias.filter(([, bias]) => bias === -Infinity).map(([id]) => id);
    if (!logits.some((logit, id) => Number.isFinite(logit) && !forbidden.includes(id))) continue;
    ties += await compare(backend, logits, sampling, history, 8);
    choices += 8;
  }
  assert(ties <= MAX_TIES * choices, `${ties} ties among ${choices} choices`);
  backend.dispose();
});

gpuTest("WebGpuSampler.sample chooses what Sampler chooses from a large vocabulary", async (options) => {
  const backend = await openWebGpuBackend(options);
  const draw = seeded(2);
  const logits = Float32Array.from({ length: 70_001 }, () => 3 * draw.normal());
  let ties = 0;
  for (const sampling of [{}, { topP: 1 }, { topK: 50 }, { temperature: 0 }, { topP: 0.9999, minP: 0.001 }]) {
    ties += await compare(backend, logits, resolveSampling({ seed: 7, ...sampling }), [], 8);
  }
  assert(ties <= 1, `${ties} ties among 40 choices`);
  backend.dispose();
});

gpuTest(
  "WebGpuSampler.read keeps the last 32 outcomes, and begin goes on from any state",
  async (options) => {
    const backend = await openWebGpuBackend(options);
    const logits = Float32Array.from({ length: 200 }, (_, id) => 3 * Math.sin(id));
    const sampling = resolveSampling({ seed: 3, frequencyPenalty: 0.5, penaltyWindow: 7 });
    const chooser = new Sampler(sampling, 200);
    const wanted = Array.from({ length: 50 }, () => chooser.sample(logits).id);
    const tensor = logitsTensor(backend, logits);
    const resident = backend.resident.acquire(sampling, 200);
    resident.begin({ seed: 3, step: 0, recentIds: [] }, 0);
    for (let i = 0; i < 45; i++) resident.sample(tensor);
    assertEquals(await resident.read(32), wanted.slice(13, 45));
    resident.begin({ seed: 3, step: 20, recentIds: wanted.slice(13, 20) }, wanted[19]);
    for (let i = 0; i < 30; i++) resident.sample(tensor);
    assertEquals(await resident.read(30), wanted.slice(20));
    backend.dispose();
  },
);

gpuTest(
  "WebGpuSampler refuses NaN, +Infinity and logits that allow no token, and only those",
  async (options) => {
    const backend = await openWebGpuBackend(options);
    const cases: [number[], SamplingOptions, number | null][] = [
      [[1, NaN, 2], {}, null],
      [[1, 2, Infinity], {}, null],
      [[-Infinity, -Infinity], {}, null],
      [[1, -Infinity], { logitBias: { 0: -Infinity } }, null],
      [[-0, 0, 0], {}, 0],
      [[-Infinity, -3e38, -Infinity], {}, 1],
      [[-Infinity, -5, 3e38], { logitBias: { 2: -Infinity } }, 1],
    ];
    for (const [logits, more, wanted] of cases) {
      for (const base of [{ temperature: 0 }, { temperature: 1, topP: 0.01, topK: 1 }]) {
        const sampling = resolveSampling({ ...base, ...more, seed: 1 });
        const resident = backend.resident.acquire(sampling, logits.length);
        resident.begin({ seed: 1, step: 0, recentIds: [] }, 0);
        resident.sample(logitsTensor(backend, Float32Array.from(logits)));
        const expected = wanted === 0 && base.temperature > 0
          ? new Sampler(sampling, logits.length).pick(Float32Array.from(logits)).id
          : wanted;
        assertEquals(await resident.read(1), [expected], JSON.stringify([logits.map(String), base, more]));
        resident.sample(logitsTensor(backend, new Float32Array(logits.length).fill(1)));
        assert(more.logitBias || (await resident.read(1))[0] !== null, "the next choice is free again");
        resident.release();
      }
    }
    backend.dispose();
  },
);
