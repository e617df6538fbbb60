/** @file What one sampler keeps on the GPU between tokens, laid out as sample_control.wgsl and its kernels have it. */
import type { SamplerState } from "../../sampler.ts";
import type { Tensor } from "../../tensor.ts";
import type { Gpu } from "./gpu.ts";
import type { Region } from "./region.ts";

/** Choices whose outcomes are kept. */
export const OUTCOMES = 32;

/** Words of `struct Control`, by their place. */
const STEP = 2;
const HISTORY_LENGTH = 3;
const ID = 8;
const FIRST_OUTCOME = 9;
const CONTROL_WORDS = FIRST_OUTCOME + OUTCOMES;
const REFUSED = 0xffffffff;

/** A sampler's memory. */
export class SamplerMemory {
  readonly #gpu: Gpu;
  readonly vocabSize: number;
  /** Tokens that the history holds; 0: there is none. */
  readonly window: number;
  readonly control: Region;
  /** How often each token stands in the window, then the window's tokens; null without a window. */
  readonly history: Region | null;
  /** One number a token; null without any. */
  readonly bias: Region | null;

  constructor(gpu: Gpu, vocabSize: number, window: number, biased: boolean) {
    this.#gpu = gpu;
    this.vocabSize = vocabSize;
    this.window = window;
    this.control = gpu.memory.allocate("sampler", 4 * CONTROL_WORDS);
    this.history = window > 0 ? gpu.memory.allocate("history", 4 * (vocabSize + window)) : null;
    this.bias = biased ? gpu.memory.allocate("bias", 4 * vocabSize) : null;
  }

  /** Whether it serves a sampler with such options. */
  fits(vocabSize: number, window: number, biased: boolean): boolean {
    return this.vocabSize === vocabSize && this.window === window && (this.bias !== null) === biased;
  }

  /** The token chosen last. */
  get id(): Tensor {
    return { buffer: this.control, dtype: "u32", shape: [1], offset: ID, stride: 1 };
  }

  /** Puts a sampler's state in; `lastId` is the token chosen last. */
  write({ step, recentIds }: SamplerState, lastId: number): void {
    const control = new Uint32Array(CONTROL_WORDS);
    control[STEP] = step;
    control[ID] = lastId;
    if (this.history !== null) {
      const recent = recentIds.slice(-this.window);
      const history = new Uint32Array(this.vocabSize + this.window);
      recent.forEach((id, i) => {
        history[id]++;
        history[this.vocabSize + i] = id;
      });
      control[HISTORY_LENGTH] = recent.length;
      this.#gpu.commands.write(this.history, 0, history);
    }
    this.#gpu.commands.write(this.control, 0, control);
  }

  /** Puts biases in, 0 where there is none. */
  writeBias(logitBias: readonly (readonly [id: number, bias: number])[]): void {
    if (this.bias === null) return;
    const bias = new Float32Array(this.vocabSize);
    for (const [id, value] of logitBias) bias[id] = value;
    this.#gpu.commands.write(this.bias, 0, new Uint32Array(bias.buffer));
  }

  /** Frees it. */
  destroy(): void {
    const regions = [this.control, this.history, this.bias].filter((region) => region !== null);
    this.#gpu.memory.destroy(regions.map(({ buffer }) => buffer));
  }
}

/** The outcomes of the latest `count` choices, oldest first, from the bytes of a control block; null: refused. */
export function latestOutcomes(bytes: Uint8Array<ArrayBuffer>, count: number): (number | null)[] {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, CONTROL_WORDS);
  return Array.from({ length: count }, (_, i) => {
    const outcome = words[FIRST_OUTCOME + (words[STEP] - count + i) % OUTCOMES];
    return outcome === REFUSED ? null : outcome;
  });
}
