/** @file A sequence that follows its model's network to another backend: from the last copy of its state, and the tokens since. */
import type { BackendChange } from "./backend_report.ts";
import type { RewindOptions } from "./checkpoint_ring.ts";
import { EventLoopTurns } from "./event_loop.ts";
import { KeptStates } from "./kept_states.ts";
import { beginState } from "./meta_state.ts";
import type { NetworkHome } from "./network_home.ts";
import { Sequence } from "./sequence.ts";
import { restoredState } from "./state_bytes.ts";

/** A move that a sequence has made. */
interface SequenceMove extends Omit<BackendChange, "atToken"> {
  /** Tokens in the sequence by then. */
  readonly length: number;
}

/** A sequence, wherever it lives. */
export class MovableSequence {
  readonly #home: NetworkHome;
  readonly #kept: KeptStates;
  readonly #moves: SequenceMove[] = [];
  #sequence: Sequence;
  #moving: Promise<void> | null = null;
  #isDisposed = false;

  /** Takes over a sequence, and copies of states that it has been in. */
  constructor(home: NetworkHome, sequence: Sequence, kept: KeptStates = new KeptStates()) {
    this.#home = home;
    this.#sequence = sequence;
    this.#kept = kept;
  }

  /** The sequence as it is now; its backend may be lost, which {@linkcode MovableSequence.run} sees to. */
  get current(): Sequence {
    return this.#sequence;
  }

  /** Whether the sequence is where the model's network is. */
  get isHere(): boolean {
    return this.#sequence.net === this.#home.net;
  }

  /**
   * Runs work on the sequence, at once where it is where the network is, and again where a lost backend took the first try away: what
   * the work did to the sequence's tokens stays done. A copy of the state is kept first, if one is due.
   */
  async run<T>(work: (sequence: Sequence) => Promise<T>): Promise<T> {
    for (;;) {
      if (!this.isHere) await (this.#moving ??= this.#move().finally(() => this.#moving = null));
      const sequence = this.#sequence;
      try {
        const interval = this.#home.keepEvery;
        if (interval !== null) this.#kept.offer(sequence, interval);
        return await work(sequence);
      } catch (error) {
        if (!await this.#home.recover(sequence.net, error)) throw error;
      }
    }
  }

  /** A sequence of its own with the same tokens, those of the moment of the call. */
  fork(rewind: RewindOptions | null): Promise<MovableSequence> {
    return this.run((sequence) =>
      Promise.resolve(new MovableSequence(this.#home, sequence.fork(rewind), this.#kept.copy()))
    );
  }

  /** Takes back the last `count` tokens, {@linkcode Sequence.rewind}. */
  async rewind(count: number): Promise<void> {
    const target = this.#sequence.ids.length - count;
    using turns = new EventLoopTurns();
    await this.run((sequence) => sequence.rewind(sequence.ids.length - target, turns));
    this.#kept.truncate(target);
  }

  /** What a generation that begins here has to say of moves at its end: nothing where there were none. */
  changesFromHere(): () => { backendChanges?: readonly BackendChange[] } {
    const [tokens, moves] = [this.#sequence.ids.length, this.#moves.length];
    return () => {
      const changes = this.#moves.slice(moves).map(({ length, ...change }) => ({
        ...change,
        atToken: length - tokens,
      }));
      return changes.length > 0 ? { backendChanges: changes } : {};
    };
  }

  /** Gives back what only a running generation needs. */
  rest(): void {
    if (this.isHere) this.#sequence.rest();
  }

  /** Frees the sequence. */
  dispose(): void {
    this.#isDisposed = true;
    // What a lost backend held is gone with it.
    if (this.isHere) this.#sequence.dispose();
  }

  async #move(): Promise<void> {
    const from = this.#sequence;
    const { net, report } = this.#home;
    using turns = new EventLoopTurns();
    const sequence = this.#begin(from);
    try {
      // Tokens may come in while others are computed again.
      while (sequence.ids.length < from.ids.length) await sequence.follow(from, turns);
    } catch (error) {
      sequence.dispose();
      throw error;
    }
    const reason = report.reason;
    this.#moves.push({ from: from.net.backend.kind, to: net.backend.kind, reason, length: from.ids.length });
    this.#sequence = sequence;
    if (this.#isDisposed) sequence.dispose();
  }

  /** What is left of a sequence on a lost backend: its latest copy that is old enough for its checkpoints, or nothing but meta tokens. */
  #begin(from: Sequence): Sequence {
    const { net, metaState } = this.#home;
    const kept = this.#kept.upTo(from.ids.length - from.reach);
    const layout = { ...from.layout, chunkSize: net.chunkSize };
    const state = kept === undefined
      ? beginState(metaState, layout)
      : restoredState(net, layout, kept, () => kept.tensors);
    const runs = from.runs.copy();
    runs.truncate(kept?.length ?? 0);
    return new Sequence(net, state, from.ids.slice(0, kept?.length ?? 0), runs, from.rewindOptions);
  }
}
