/**
 * @file Tokens of one sequence chosen in the backend's memory, several before the first of them is read. The host takes them one by
 * one; whoever looks at the state in between, or stops early, gets it as if each token had been chosen alone: the state goes back
 * to where the batch began, and the tokens taken pass again.
 */
import { nextLogits } from "./forward.ts";
import type { Network } from "./network.ts";
import { decodeChosen, decodeStep } from "./prefill.ts";
import type { ResidentSampler, ResidentSampling } from "./resident.ts";
import { RunAheadPace } from "./run_ahead_pace.ts";
import type { SampledToken, Sampler } from "./sampler.ts";
import type { SequenceState } from "./state.ts";
import { StateMark } from "./state_mark.ts";
import { rows, type Tensor } from "./tensor.ts";

/** No sampler's step. */
const UNKNOWN = -1;

/** Tokens that were chosen together. */
interface Batch {
  readonly sampler: Sampler;
  readonly length: number;
  /** The state's position at its beginning. */
  readonly start: number;
  /** The token that had not passed yet, if there was one. */
  readonly pending: readonly number[];
  /** What was chosen, once it is read; null: the logits allowed no choice. */
  ids: readonly (number | null)[];
  /** The logits that they were chosen from, `[length, vocabSize]`, where asked for. */
  logits: Float32Array | null;
  /** Tokens taken so far. */
  taken: number;
  /** Tokens that may be taken: all, or as many as the state has gone back to. */
  limit: number;
}

/** Lets one sequence run ahead of its reader. */
export class RunAhead {
  readonly #net: Network;
  readonly #state: SequenceState;
  readonly #resident: ResidentSampling;
  readonly #pace = new RunAheadPace();
  #mark: StateMark | null = null;
  #logits: Tensor | null = null;
  #batch: Batch | null = null;
  /** The sampler in the backend's memory, whom it stands for, and at which step it is. */
  #device: { readonly sampler: ResidentSampler; readonly of: Sampler; step: number } | null = null;

  constructor(net: Network, state: SequenceState, resident: ResidentSampling) {
    this.#net = net;
    this.#state = state;
    this.#resident = resident;
  }

  /** Whether the state holds exactly the tokens taken, no more. */
  get isExact(): boolean {
    return this.#batch === null || this.#state.position === exactPosition(this.#batch);
  }

  /** Whether tokens that were chosen for this sampler are left to be taken. */
  hasChosenFor(sampler: Sampler): boolean {
    const batch = this.#batch;
    return batch?.sampler === sampler && batch.taken < batch.limit;
  }

  /** The buffers held beside the state, and their bytes. */
  get buffers(): ReadonlyMap<unknown, number> {
    return this.#mark?.buffers ?? new Map();
  }

  /**
   * The token of the sampler's step, which the caller accepts; null where the logits allow no choice: the state is then exact, and
   * {@linkcode Sampler.pick} tells why.
   *
   * @param pending the sequence's last token, if it has not passed yet; of no account while tokens chosen before are left
   * @param most tokens that may be chosen ahead, this one counted; at least 1
   */
  async choose(sampler: Sampler, pending: readonly number[], most: number): Promise<SampledToken | null> {
    const batch = this.hasChosenFor(sampler) ? this.#batch! : await this.#choose(sampler, pending, most);
    const id = batch.ids[batch.taken];
    if (id === null) {
      this.settle();
      if (this.#device !== null) this.#device.step = UNKNOWN; // it went on from no token
      return null;
    }
    const row = batch.taken++;
    const { vocabSize } = this.#net.config;
    return batch.logits === null
      ? { id }
      : sampler.report(batch.logits.subarray(row * vocabSize, (row + 1) * vocabSize), id);
  }

  /** Makes the state exact. Tokens chosen and not taken are forgotten. */
  settle(): void {
    const batch = this.#batch;
    if (batch === null) return;
    const isExact = this.isExact;
    batch.limit = Math.max(1, batch.taken);
    this.#batch = null;
    if (isExact) return;
    this.#mark!.goBack();
    const again = [...batch.pending, ...batch.ids].slice(0, exactPosition(batch) - batch.start);
    for (const id of again) decodeStep(this.#net, this.#state, id!);
  }

  /** Gives back what only a running generation needs. */
  rest(): void {
    this.#device?.sampler.release();
    this.#device = null;
    if (this.#logits !== null) this.#net.backend.free(this.#logits);
    this.#logits = null;
  }

  /** Frees everything but the state, which may not be exact. */
  dispose(): void {
    this.rest();
    this.#mark?.dispose();
    this.#mark = null;
    this.#batch = null;
  }

  async #choose(sampler: Sampler, pending: readonly number[], most: number): Promise<Batch> {
    const isFirst = this.#device?.of !== sampler;
    const began = performance.now();
    const device = this.#begin(sampler, pending);
    const length = this.#length(isFirst, pending.length, most);
    const start = this.#state.position;
    const batch: Batch = {
      ...{ sampler, length, start, pending, ids: [], logits: null, taken: 0, limit: length },
    };
    if (length > 1) (this.#mark ??= new StateMark(this.#net.backend, this.#state)).keep();
    this.#batch = batch;
    for (let i = 0; i < length; i++) this.#add(device, i, i > 0 || pending.length > 0);
    const logits = sampler.options.logprobs === undefined
      ? null
      : this.#net.backend.read(rows(this.#logits!, 0, length));
    [batch.ids, batch.logits] = await Promise.all([device.read(length), logits]);
    if (!isFirst) this.#pace.record(length, performance.now() - began);
    return batch;
  }

  /** One more token of a batch: the one before it passes, its successor is chosen. */
  #add(device: ResidentSampler, index: number, passes: boolean): void {
    const { backend } = this.#net;
    if (passes) decodeChosen(this.#net, this.#state, device.id);
    const logits = nextLogits(this.#net, this.#state.lastHidden);
    if (this.#device!.of.options.logprobs !== undefined) {
      this.#logits ??= backend.allocate([this.#resident.slots, this.#net.config.vocabSize], "f32");
      backend.copy(logits, rows(this.#logits, index, 1));
    }
    device.sample(logits);
    this.#device!.step++;
  }

  /** The sampler in the backend's memory, at this sampler's step. */
  #begin(sampler: Sampler, pending: readonly number[]): ResidentSampler {
    if (this.#device?.of !== sampler) {
      this.rest();
      const resident = this.#resident.acquire(sampler.options, this.#net.config.vocabSize);
      this.#device = { sampler: resident, of: sampler, step: UNKNOWN };
    }
    if (this.#device.step !== sampler.step) {
      this.#device.sampler.begin(sampler.state, pending[0] ?? 0);
      this.#device.step = sampler.step;
    }
    return this.#device.sampler;
  }

  /** Tokens of the next batch. It makes no cache grow that a single token would not, and the mark reaches over it. */
  #length(isFirst: boolean, pending: number, most: number): number {
    const { slots, fixedLength } = this.#resident;
    const wanted = fixedLength ?? (isFirst ? 1 : this.#pace.length);
    if (pending > 0) this.#state.reserve(1);
    const passes = Math.min(this.#state.room, this.#state.layout.chunkSize);
    return Math.max(1, Math.min(wanted, most, slots, passes + 1 - pending));
  }
}

/** Where the state is after the tokens taken: the last of them has not passed yet. */
function exactPosition({ start, pending, taken }: Batch): number {
  return start + pending.length + Math.max(1, taken) - 1;
}
