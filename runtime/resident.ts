/**
 * @file Choosing tokens where the logits are. A backend that has it lets tokens run ahead: the id chosen feeds the next embedding
 * from the backend's own memory, and the host reads several choices at once (run_ahead.ts).
 */
import type { SamplerState } from "./sampler.ts";
import type { ResolvedSampling } from "./sampling_options.ts";
import type { Tensor } from "./tensor.ts";

/** What a backend offers that can choose tokens itself. */
export interface ResidentSampling {
  /** Most choices that may lie between two reads. */
  readonly slots: number;
  /** Choices between two reads; undefined: as many as the speed allows. */
  readonly fixedLength?: number;
  /** A sampler for logits of `[vocabSize]`; to be released. */
  acquire(options: ResolvedSampling, vocabSize: number): ResidentSampler;
}

/**
 * A sampler in the backend's memory. From the same logits and state it chooses what {@linkcode Sampler} chooses, save for ties at the
 * level of rounding (sampler.ts).
 */
export interface ResidentSampler {
  /** `[1]` u32: the token chosen last. */
  readonly id: Tensor;
  /** Goes on from a sampler's state; `lastId` is put into {@linkcode ResidentSampler.id}. */
  begin(state: SamplerState, lastId: number): void;
  /** Chooses a token, as an op: in call order. Hands the ops so far to the device, which need not wait for the ones to come. */
  sample(logits: Tensor): void;
  /**
   * The outcomes of the latest `count` choices, at most `slots`, oldest first. Null: the logits allow no choice, and neither they nor
   * what follows from them means anything; {@linkcode Sampler} tells why.
   */
  read(count: number): Promise<readonly (number | null)[]>;
  /** Gives the memory back. */
  release(): void;
}
