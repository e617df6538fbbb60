/**
 * Milliseconds a generated token takes, sampling included, by how many tokens run ahead of their reader:
 *
 *     deno run -A bench/webgpu/run_ahead.ts [--dawn] [--tiny] [--dtype f16]
 *
 * Random weights in the shapes of Hymba-1.5B (Q4_0 unless told otherwise), behind 1024 positions. `--tiny` takes small shapes and any
 * adapter, to try the bench itself.
 */
import { openWebGpuBackend, type WebGpuBackend } from "../../runtime/backends/webgpu.ts";
import { nextLogits } from "../../runtime/forward.ts";
import type { Network } from "../../runtime/network.ts";
import { decodeStep } from "../../runtime/prefill.ts";
import type { ResidentSampling } from "../../runtime/resident.ts";
import { RunAhead } from "../../runtime/run_ahead.ts";
import { Sampler } from "../../runtime/sampler.ts";
import { resolveSampling, type SamplingOptions } from "../../runtime/sampling_options.ts";
import type { WeightDtype } from "../../runtime/tensor.ts";
import { randomNetwork, stateAt } from "./model.ts";
import { HYMBA_1_5B, TINY } from "./shapes.ts";

const tiny = Deno.args.includes("--tiny");
const TOKENS = tiny ? 8 : 96;
const ROUNDS = tiny ? 1 : 3;
const SAMPLING: Readonly<Record<string, SamplingOptions>> = {
  greedy: { temperature: 0 },
  "topP 0.95": { seed: 1 },
  "topK 40, topP 0.95, penalties": { seed: 1, topK: 40, repetitionPenalty: 1.1 },
};

/** A row of the table: milliseconds a token, median of the rounds. */
async function measure(generate: (tokens: number) => Promise<void>): Promise<number> {
  await generate(TOKENS);
  const samples: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await generate(TOKENS);
    samples.push((performance.now() - start) / TOKENS);
  }
  return samples.sort((a, b) => a - b)[ROUNDS >> 1];
}

/** Reads every token's logits and samples on the CPU. */
function onHost(net: Network, sampling: SamplingOptions): (tokens: number) => Promise<void> {
  const state = stateAt(net, 1024);
  const sampler = new Sampler(resolveSampling(sampling), net.config.vocabSize);
  let id = 1;
  return async (tokens) => {
    for (let i = 0; i < tokens; i++) {
      decodeStep(net, state, id);
      id = sampler.sample(await net.backend.read(nextLogits(net, state.lastHidden))).id;
    }
  };
}

/** Samples where the logits are; `fixedLength` tokens ahead, or as many as fit. */
function onDevice(
  net: Network,
  { resident }: WebGpuBackend,
  sampling: SamplingOptions,
  fixedLength?: number,
): (tokens: number) => Promise<void> {
  const state = stateAt(net, 1024);
  const sampler = new Sampler(resolveSampling(sampling), net.config.vocabSize);
  const fixed: ResidentSampling = {
    ...{ slots: resident.slots, fixedLength },
    acquire: (options, vocabSize) => resident.acquire(options, vocabSize),
  };
  const ahead = new RunAhead(net, state, fixed);
  let id = 1;
  return async (tokens) => {
    for (let i = 0; i < tokens; i++) {
      id = (await ahead.choose(sampler, [id], tokens - i))!.id;
      sampler.accept(id);
    }
  };
}

const dtype =
  (Deno.args.includes("--dtype") ? Deno.args[Deno.args.indexOf("--dtype") + 1] : "q4_0") as WeightDtype;
const gpu = Deno.args.includes("--dawn") ? (await import("webgpu")).create([]) as GPU : undefined;
const backend = await openWebGpuBackend({ gpu, allowSoftware: tiny });
const net = await randomNetwork(backend, tiny ? TINY : HYMBA_1_5B, dtype, 64);
const table: Record<string, Record<string, string>> = {};
for (const [name, sampling] of Object.entries(SAMPLING)) {
  const row: Record<string, string> = table[name] = {};
  row["on the CPU"] = (await measure(onHost(net, sampling))).toFixed(3);
  for (const length of [1, 2, 4, 8, 16, 32, undefined]) {
    const generate = onDevice(net, backend, sampling, length);
    row[length === undefined ? "as fits" : `${length}`] = (await measure(generate)).toFixed(3);
  }
}
console.log(`${backend.adapter.description}, ${dtype}: ms a token by tokens ahead`);
console.table(table);
Deno.exit(0);
