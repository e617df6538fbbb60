/** @file Samplers on the GPU; their memory is reused from one generation to the next. */
import type { ResidentSampler, ResidentSampling } from "../../resident.ts";
import { hasPenalties } from "../../penalties.ts";
import type { ResolvedSampling } from "../../sampling_options.ts";
import type { Gpu } from "./gpu.ts";
import type { Readback } from "./readback.ts";
import { OUTCOMES, SamplerMemory } from "./sampler_memory.ts";
import { WebGpuSampler } from "./webgpu_sampler.ts";

/** Released memories kept at most. */
const MAX_IDLE = 4;

/** See {@linkcode ResidentSampling}. */
export class WebGpuSampling implements ResidentSampling {
  readonly slots = OUTCOMES;
  readonly fixedLength?: number;
  readonly #gpu: Gpu;
  readonly #readback: Readback;
  readonly #idle: SamplerMemory[] = [];

  constructor(gpu: Gpu, readback: Readback, fixedLength?: number) {
    this.#gpu = gpu;
    this.#readback = readback;
    this.fixedLength = fixedLength;
  }

  acquire(options: ResolvedSampling, vocabSize: number): ResidentSampler {
    const window = hasPenalties(options) ? options.penaltyWindow : 0;
    const biased = options.logitBias.length > 0;
    const found = this.#idle.findIndex((memory) => memory.fits(vocabSize, window, biased));
    const memory = found >= 0
      ? this.#idle.splice(found, 1)[0]
      : new SamplerMemory(this.#gpu, vocabSize, window, biased);
    return new WebGpuSampler(this.#gpu, this.#readback, memory, options, () => this.#take(memory));
  }

  #take(memory: SamplerMemory): void {
    this.#idle.push(memory);
    if (this.#idle.length > MAX_IDLE) this.#idle.shift()!.destroy();
  }
}
