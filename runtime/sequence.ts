/** @file Tokens and the state after them: append, accept, rewind. Knows nothing of text. */
import { CheckpointRing, requireReach, type RewindOptions } from "./checkpoint_ring.ts";
import { ConfigError } from "./errors.ts";
import type { EventLoopTurns } from "./event_loop.ts";
import { nextLogits } from "./forward.ts";
import type { Network } from "./network.ts";
import { decodeStep, decodeTogether, prefill } from "./prefill.ts";
import { RunAhead } from "./run_ahead.ts";
import type { SampledToken, Sampler } from "./sampler.ts";
import type { SequenceState } from "./state.ts";
import type { StateLayout } from "./state_layout.ts";
import type { TokenKind, TokenRun, TokenRuns } from "./token_runs.ts";

/** A sequence of tokens, meta tokens not counted, and its state. */
export class Sequence {
  /** The network that its tokens pass through. */
  readonly net: Network;
  /** How it was told to keep checkpoints; null: not at all. */
  readonly rewindOptions: RewindOptions | null;
  #state: SequenceState;
  readonly ids: number[] = [];
  /** Which of the tokens were generated. */
  readonly runs: TokenRuns;
  readonly #checkpoints: CheckpointRing | null;
  /** Logits of the next token, where a pass of several sequences has left them. */
  #logits: Promise<Float32Array> | null = null;
  /** Present once tokens were chosen in the backend's memory. */
  #ahead: RunAhead | null = null;

  /**
   * Takes over a state, which is freed if this fails.
   *
   * @param ids the tokens in it, and at most one more that is still to pass through the network
   * @throws {ConfigError} for bad rewind options
   */
  constructor(
    net: Network,
    state: SequenceState,
    ids: readonly number[],
    runs: TokenRuns,
    rewind: RewindOptions | null = null,
  ) {
    this.net = net;
    this.rewindOptions = rewind;
    this.#state = state;
    for (const id of ids) this.ids.push(id);
    this.runs = runs;
    try {
      this.#checkpoints = rewind === null ? null : new CheckpointRing(rewind);
      this.#checkpoints?.offer(this.#passed, state);
    } catch (error) {
      state.dispose();
      throw error;
    }
  }

  /**
   * The state after every token that has passed through the network, and how many those are: all of them, or all but the last one
   * generated. Tokens that ran ahead are taken back, which costs their work twice: not for looking at between every two tokens.
   */
  settle(): { readonly state: SequenceState; readonly passed: number } {
    this.#ahead?.settle();
    return { state: this.#state, passed: this.#passed };
  }

  /** Tokens in the state as it is. */
  get #passed(): number {
    return this.#state.position - this.net.config.numMetaTokens;
  }

  /** Tokens that its checkpoints reach back at least. */
  get reach(): number {
    return this.#checkpoints?.reach ?? 0;
  }

  /** How its state is laid out. */
  get layout(): StateLayout {
    return this.#state.layout;
  }

  /** Bytes of the buffers that the sequence holds, checkpoints included; each buffer counts once. */
  get byteLength(): number {
    const parts = [this.#state, this.#checkpoints, this.#ahead];
    const buffers = new Map(parts.flatMap((part) => [...part?.buffers ?? []]));
    return [...buffers.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /**
   * Appends prompted tokens; when the signal is aborted, throws its reason between two chunks.
   *
   * @throws {ConfigError} where they exceed the declared context; nothing is appended then
   */
  async append(ids: ArrayLike<number>, turns: EventLoopTurns, signal?: AbortSignal): Promise<void> {
    this.#passPending();
    this.#logits = null;
    this.#state.requireRoom(ids.length);
    await this.#pass("prompted", ids, turns, signal);
  }

  /** Appends a generated token; it passes through the network when its successor's logits are asked for. */
  accept(id: number): void {
    this.#logits = null;
    this.ids.push(id);
    this.runs.add("generated", 1);
  }

  /** Logits of the next token, `[vocabSize]`. */
  readLogits(): Promise<Float32Array> {
    const logits = this.#logits;
    this.#logits = null; // the caller's now
    if (logits !== null) return logits;
    this.#passPending();
    return this.net.backend.read(nextLogits(this.net, this.#state.lastHidden));
  }

  /**
   * Passes the last generated token of each of these sequences of one network together, so that the logits which each reads next are
   * there already, the same as it would compute. Leaves out those whose tokens have all passed, and does nothing where the backend
   * chooses tokens: there each runs ahead, and products of several rows are rounded otherwise than those of one.
   *
   * @throws {ConfigError} where one has used up its declared context; none has changed then
   */
  static passTogether(sequences: readonly Sequence[]): void {
    if (sequences.length < 2 || sequences[0].net.backend.resident) return;
    const pending = sequences.map((sequence) => ({ sequence, ...sequence.settle() }))
      .filter(({ sequence, passed }) => sequence.ids.length > passed);
    if (pending.length < 2) return; // alone it costs no more later
    const [{ sequence: { net } }] = pending;
    if (pending.some(({ sequence }) => sequence.net !== net)) {
      throw new ConfigError(
        "Cannot pass tokens together: they are of different models, expected one",
        "Call it once for each model",
      );
    }
    pending.forEach(({ state }) => state.requireRoom(1));
    const steps = pending.map(({ sequence: { ids }, state }) => ({ state, id: ids[ids.length - 1] }));
    const logits = decodeTogether(net, steps);
    pending.forEach(({ sequence, state }, i) => {
      sequence.#logits = logits[i];
      logits[i].catch(() => {}); // whoever reads them is told
      sequence.#checkpoints?.offer(sequence.#passed, state);
    });
  }

  /**
   * The next token, chosen in the backend's memory together with some of those that may follow it, at most `most` in all. Null: the
   * backend does not choose, an observer watches each pass, the logits are there already, or they allow no choice and tell why.
   */
  async choose(sampler: Sampler, most: number): Promise<SampledToken | null> {
    const { backend, observer } = this.net;
    if (!backend.resident || observer || this.#logits !== null) return null;
    const ahead = this.#ahead ??= new RunAhead(this.net, this.#state, backend.resident);
    if (!ahead.hasChosenFor(sampler)) ahead.settle();
    const pending = this.ids.slice(this.#passed);
    const reach = (this.#checkpoints?.distance(this.#passed) ?? most) + 1 - pending.length;
    const token = await ahead.choose(sampler, pending, Math.min(most, reach));
    if (this.#ahead === ahead && ahead.isExact) this.#checkpoints?.offer(this.#passed, this.#state);
    return token;
  }

  /** Gives back what only a running generation needs. */
  rest(): void {
    this.#ahead?.rest();
  }

  /** A sequence of its own with the same tokens, and no checkpoints but its own. */
  fork(rewind: RewindOptions | null = null): Sequence {
    return new Sequence(this.net, this.settle().state.fork(), this.ids, this.runs.copy(), rewind);
  }

  /**
   * Takes back the last `count` tokens: goes back to a checkpoint and passes fewer than one interval of tokens again.
   *
   * @throws {ConfigError} where no checkpoint reaches back so far; nothing has changed then
   */
  async rewind(count: number, turns: EventLoopTurns): Promise<void> {
    this.settle();
    this.#logits = null;
    const target = this.ids.length - count;
    if (target < this.#passed) {
      requireReach(this.#checkpoints, target);
      const state = this.#checkpoints!.backTo(target)!.state.fork();
      this.#ahead?.dispose();
      this.#ahead = null;
      this.#state.dispose();
      this.#state = state;
    }
    const again = this.ids.splice(this.#passed).slice(0, Math.max(0, target - this.#passed));
    const runs = this.runs.slice(this.#passed, target);
    this.runs.truncate(this.#passed);
    await this.#replay(again, runs, turns);
  }

  /** Appends what another sequence, of which this one is the beginning, has more; generated tokens many at a time. */
  async follow(other: Sequence, turns: EventLoopTurns): Promise<void> {
    const [start, end] = [this.ids.length, other.ids.length];
    await this.#replay(other.ids.slice(start, end), other.runs.slice(start, end), turns);
  }

  /** Frees the state and the checkpoints. */
  dispose(): void {
    this.#ahead?.dispose();
    this.#ahead = null;
    this.#state.dispose();
    this.#checkpoints?.dispose();
  }

  /** Appends tokens again, each kind under its own window rule. */
  async #replay(ids: readonly number[], runs: readonly TokenRun[], turns: EventLoopTurns): Promise<void> {
    let at = 0;
    for (const { kind, length } of runs) {
      const part = ids.slice(at, at += length);
      if (kind === "prompted") await this.append(part, turns);
      else await this.#pass("generated", part, turns);
    }
  }

  /** Passes new tokens of one kind chunk by chunk, pausing where a checkpoint is due. */
  async #pass(
    kind: TokenKind,
    ids: ArrayLike<number>,
    turns: EventLoopTurns,
    signal?: AbortSignal,
  ): Promise<void> {
    for (let at = 0; at < ids.length;) {
      const length = Math.min(ids.length - at, this.#checkpoints?.distance(this.#passed) ?? ids.length);
      const part: number[] = Array.prototype.slice.call(ids, at, at + length);
      let done = at;
      await prefill(this.net, this.#state, part, turns, {
        ...{ signal, kind },
        onChunk: (length) => {
          for (let i = 0; i < length; i++) this.ids.push(ids[done++]);
          this.runs.add(kind, length);
        },
      });
      at = done;
      this.#checkpoints?.offer(this.#passed, this.#state);
    }
  }

  #passPending(): void {
    if (this.ids.length === this.settle().passed) return;
    decodeStep(this.net, this.#state, this.ids[this.ids.length - 1]);
    this.#checkpoints?.offer(this.#passed, this.#state);
  }
}
