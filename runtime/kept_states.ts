/** @file Copies of a sequence's state in the host's memory, from which it can go on when its backend is lost. */
import type { Sequence } from "./sequence.ts";
import { exactEncoding, saveState, type StoredState } from "./state_bytes.ts";

/** The copies of one sequence, oldest first. They are immutable, so forks share them. */
export class KeptStates {
  #kept: readonly StoredState[];
  #isSaving = false;
  #failure: unknown = null;
  /** Counts what makes a copy under way obsolete. */
  #epoch = 0;

  constructor(kept: readonly StoredState[] = []) {
    this.#kept = kept;
  }

  /** The same copies, to be continued apart. */
  copy(): KeptStates {
    return new KeptStates(this.#kept);
  }

  /** The latest copy of at most `length` tokens. */
  upTo(length: number): StoredState | undefined {
    return this.#kept.filter((kept) => kept.length <= length).at(-1);
  }

  /**
   * Begins a copy where the last one is `interval` tokens old. It is of this moment, and comes in behind the backend's other work.
   *
   * @throws what the copy before failed with
   */
  offer(sequence: Sequence, interval: number): void {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure;
    const latest = this.#kept.at(-1)?.length ?? 0;
    if (this.#isSaving || sequence.ids.length - latest < interval) return;
    this.#isSaving = true;
    void this.#save(sequence, this.#epoch);
  }

  /** Forgets what is of more than `length` tokens. */
  truncate(length: number): void {
    this.#epoch++;
    this.#kept = this.#kept.filter((kept) => kept.length <= length);
  }

  /** Tokens that ran ahead are taken back for it. */
  async #save(sequence: Sequence, epoch: number): Promise<void> {
    const { net, reach } = sequence;
    const { state, passed: length } = sequence.settle();
    const encoding = exactEncoding(net.backend, state);
    try {
      const tensors = await saveState(net.backend, net.config, state, encoding);
      if (epoch === this.#epoch) this.#add({ length, tensors, encoding }, reach);
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#isSaving = false;
    }
  }

  /** Adds the newest copy and drops those that are older than anything needs: a rewinding session goes back by `reach` tokens. */
  #add(state: StoredState, reach: number): void {
    const kept = [...this.#kept, state];
    const needed = kept.filter(({ length }) => length <= state.length - reach).at(-1);
    this.#kept = kept.filter(({ length }) => length >= (needed?.length ?? 0));
  }
}
