/** @file A sampler on the GPU: the kernels that choose one token, in order. What they compute is runtime/sampler.ts's. */
import type { ResidentSampler } from "../../resident.ts";
import { hasPenalties } from "../../penalties.ts";
import { seedWords } from "../../random.ts";
import type { SamplerState } from "../../sampler.ts";
import type { ResolvedSampling } from "../../sampling_options.ts";
import type { Tensor } from "../../tensor.ts";
import type { Dispatch, Step } from "./commands.ts";
import type { Gpu } from "./gpu.ts";
import type { Readback } from "./readback.ts";
import { type Region, regionOf } from "./region.ts";
import { latestOutcomes, type SamplerMemory } from "./sampler_memory.ts";

const WORKGROUP_SIZE = 256;
/** Ids that an invocation takes. */
const IDS = 4;
/** Places of a key's four digits, the leading one first. */
const SHIFTS = [24, 16, 8, 0] as const;
/** Least finite f32: added to anything, it lies below everything. */
const NO_MIN_P = -3.4028234663852886e38;

/** See {@linkcode ResidentSampler}. */
export class WebGpuSampler implements ResidentSampler {
  readonly #gpu: Gpu;
  readonly #readback: Readback;
  readonly #memory: SamplerMemory;
  readonly #options: ResolvedSampling;
  readonly #onRelease: () => void;
  #seed: readonly [low: number, high: number];
  /** The dispatches as they were recorded, for which logits, and while which bind groups were valid. */
  #recorded: { steps: readonly Step[]; logits: Tensor; generation: number } | null = null;

  constructor(
    gpu: Gpu,
    readback: Readback,
    memory: SamplerMemory,
    options: ResolvedSampling,
    onRelease: () => void,
  ) {
    this.#gpu = gpu;
    this.#readback = readback;
    this.#memory = memory;
    this.#options = options;
    this.#onRelease = onRelease;
    this.#seed = seedWords(options.seed);
    memory.writeBias(options.logitBias);
  }

  get id(): Tensor {
    return this.#memory.id;
  }

  begin(state: SamplerState, lastId: number): void {
    this.#memory.write(state, lastId);
    this.#seed = seedWords(state.seed);
    this.#recorded = null;
  }

  sample(logits: Tensor): void {
    const { commands } = this.#gpu;
    const known = this.#recorded;
    const isSame = known?.generation === commands.generation && regionOf(known.logits) === regionOf(logits) &&
      known.logits.offset === logits.offset;
    if (isSame) commands.repeat(known.steps);
    else this.#record(logits);
    commands.flush();
  }

  async read(count: number): Promise<readonly (number | null)[]> {
    const { control } = this.#memory;
    return latestOutcomes(await this.#readback.read(control, 0, control.size), count);
  }

  release(): void {
    this.#onRelease();
  }

  #record(logits: Tensor): void {
    const { commands } = this.#gpu;
    const dispatches = this.#dispatches(logits);
    const { generation } = commands;
    const steps = commands.record(() => dispatches.forEach((each) => commands.run(each)));
    // Where caches were cleared on the way, bind groups of the first dispatches are gone.
    this.#recorded = generation === commands.generation ? { steps, logits, generation } : null;
  }

  #dispatches(logits: Tensor): Dispatch[] {
    const { memory } = this.#gpu;
    const { vocabSize } = this.#memory;
    const { topK, topP } = this.#options;
    const groups = Math.ceil(vocabSize / (WORKGROUP_SIZE * IDS));
    const regions = {
      control: this.#memory.control,
      keys: memory.scratch("sampling keys", 4 * vocabSize),
      histogram: memory.scratch("sampling histogram", 4 * 512),
      partials: memory.scratch("sampling partials", 8 * groups),
      history: this.#memory.history ?? memory.scratch("no history", 16),
      bias: this.#memory.bias ?? memory.scratch("no bias", 16),
    };
    const isGreedy = this.#options.temperature === 0;
    const byCount = !isGreedy && topK > 0 && topK < vocabSize;
    const byMass = !isGreedy && topP < 1;
    return [
      this.#scale({ ...regions, logits: regionOf(logits) }, logits.offset, groups),
      ...byCount ? this.#select(regions, 0, topK, groups) : [],
      ...byMass ? this.#select(regions, 1, Math.min(2 ** 32 - 1, Math.round(topP * 2 ** 32)), groups) : [],
      this.#draw(regions, groups),
      this.#accept(regions, groups),
    ];
  }

  #scale(resources: Readonly<Record<string, Region>>, logitsOffset: number, groups: number): Dispatch {
    const { temperature, repetitionPenalty, presencePenalty, frequencyPenalty } = this.#options;
    return {
      kernel: "sample_scale",
      libraries: ["ordered_key", "sample_control"],
      constants: {
        WORKGROUP_SIZE,
        IDS,
        BIASED: Number(this.#memory.bias !== null),
        PENALISED: Number(this.#memory.history !== null && hasPenalties(this.#options)),
      },
      resources,
      params: {
        vocabSize: this.#memory.vocabSize,
        logitsOffset,
        inverseTemperature: temperature === 0 ? 1 : 1 / temperature,
        repetition: repetitionPenalty,
        inverseRepetition: 1 / repetitionPenalty,
        presence: presencePenalty,
        frequency: frequencyPenalty,
        zero: 0,
      },
      grid: [groups],
    };
  }

  /** Digit by digit, the leading one first, the key at which the weights reach the goal. */
  #select(
    resources: Readonly<Record<string, Region>>,
    MASS: 0 | 1,
    goal: number,
    groups: number,
  ): Dispatch[] {
    return SHIFTS.flatMap((SHIFT): Dispatch[] => [
      {
        kernel: "sample_histogram",
        libraries: ["ordered_key", "sample_control"],
        constants: { WORKGROUP_SIZE, IDS, MASS, SHIFT },
        resources,
        params: { vocabSize: this.#memory.vocabSize },
        grid: [groups],
      },
      {
        kernel: "sample_select",
        libraries: ["u64", "sample_control"],
        constants: { MASS, SHIFT },
        resources,
        params: { goal },
        grid: [1],
      },
    ]);
  }

  #draw(resources: Readonly<Record<string, Region>>, groups: number): Dispatch {
    const { temperature, minP } = this.#options;
    return {
      kernel: "sample_draw",
      libraries: ["ordered_key", "u64", "philox", "better", "sample_control"],
      constants: { WORKGROUP_SIZE, GREEDY: Number(temperature === 0) },
      resources,
      params: {
        vocabSize: this.#memory.vocabSize,
        seedLow: this.#seed[0],
        seedHigh: this.#seed[1],
        logMinP: minP > 0 && temperature > 0 ? Math.log(minP) : NO_MIN_P,
      },
      grid: [groups],
    };
  }

  #accept(resources: Readonly<Record<string, Region>>, groups: number): Dispatch {
    return {
      kernel: "sample_accept",
      libraries: ["better", "sample_control"],
      constants: { WORKGROUP_SIZE },
      resources,
      params: { partials: groups, vocabSize: this.#memory.vocabSize, window: this.#memory.window },
      grid: [1],
    };
  }
}
