/** @file One sequence that an encoder reads step by step. */
import { ConfigError, ShapeError } from "../errors.ts";
import { EventLoopTurns } from "../event_loop.ts";
import type { SignalOptions } from "../signal_options.ts";
import { MAX_DECLARED_TOKENS } from "../state_layout.ts";
import { rows, type Tensor } from "../tensor.ts";
import { finiteNumbers } from "./encoder_calls.ts";
import { encodeRows } from "./encoder_forward.ts";
import type { EncoderNet } from "./encoder_net.ts";
import { EncoderState } from "./encoder_state.ts";

/** Options of {@linkcode HymbaEncoder.createStream}. */
export interface EncoderStreamOptions {
  /** Most time steps that the stream will read: memory for them is allocated at once. @default {windowSize} */
  maxLength?: number;
}

/**
 * A sequence that is read as it comes, and what the encoder remembers of it. After any number of steps it has returned what
 * {@linkcode HymbaEncoder.encode} returns for all of them. One call at a time; streams of one encoder may take turns freely.
 *
 * Made by {@linkcode HymbaEncoder.createStream}.
 */
export class EncoderStream {
  readonly #net: EncoderNet;
  readonly #state: EncoderState;
  readonly #gateSums: Float64Array;
  #activity: "step" | "dispose" | null = null;

  /**
   * For {@linkcode HymbaEncoder.createStream}.
   *
   * @throws {ConfigError} where `maxLength` is no count of steps
   */
  constructor(net: EncoderNet, { maxLength = net.config.windowSize }: EncoderStreamOptions = {}) {
    if (!Number.isInteger(maxLength) || maxLength < 1 || maxLength > MAX_DECLARED_TOKENS) {
      throw new ConfigError(
        `Cannot use option "maxLength": it is ${
          String(maxLength)
        }, expected an integer from 1 to ${MAX_DECLARED_TOKENS}`,
        "Give it a number of time steps, or leave it out for windowSize",
      );
    }
    this.#net = net;
    this.#state = new EncoderState(net, maxLength);
    this.#gateSums = new Float64Array(net.config.numLayers);
  }

  /** Time steps read so far. */
  get length(): number {
    return this.#state.length;
  }

  /** Time steps that there is room for. */
  get maxLength(): number {
    return this.#state.maxLength;
  }

  /**
   * Mean of each layer's gates over the steps so far and all channels, `[numLayers]`: 1 is Mamba alone, 0 attention alone. NaN before the
   * first step.
   */
  get gateMeans(): Float32Array {
    return Float32Array.from(this.#gateSums, (sum) => sum / (this.length * this.#net.config.hiddenSize));
  }

  /**
   * Reads one time step, or several in order.
   *
   * An aborted signal throws its reason between two passes; the steps before stay read.
   *
   * @param x `[steps, embedDim]`, row-major
   * @returns `[hiddenSize]`: the encoding of everything read so far
   * @throws {ShapeError} for anything but whole, finite steps that there is room for; nothing is read then
   * @throws {ConfigError} for a disposed stream, or while another call runs
   */
  async step(x: ArrayLike<number>, { signal }: SignalOptions = {}): Promise<Float32Array> {
    const values = this.#check(x);
    using _ = this.#begin();
    using turns = new EventLoopTurns();
    const { config: { embedDim }, chunkSize } = this.#net;
    let output: Float32Array = new Float32Array();
    for (let start = 0; start < values.length; start += chunkSize * embedDim) {
      signal?.throwIfAborted();
      output = await this.#pass(values.subarray(start, start + chunkSize * embedDim));
      if (start + chunkSize * embedDim < values.length) await turns.turn();
    }
    return output;
  }

  /**
   * With `metaPropagation`: the meta states that each layer saw at the last step, `[numLayers, numMetaTokens, hiddenSize]`. The first
   * layer's are 0.
   *
   * @throws {ConfigError} for an encoder without it, or a disposed stream
   */
  async metaStates(): Promise<Float32Array> {
    this.#requireLive("read meta states");
    const { metaPropagation, numLayers, numMetaTokens, hiddenSize } = this.#net.config;
    if (!metaPropagation) {
      throw new ConfigError(
        "Cannot read meta states: metaPropagation is false, expected an encoder that passes them on",
        "Build the encoder with metaPropagation: true",
      );
    }
    const states = new Float32Array(numLayers * numMetaTokens * hiddenSize);
    for (const [layer, tensor] of this.#state.metaStates.entries()) {
      states.set(await this.#net.backend.read(tensor), layer * numMetaTokens * hiddenSize);
    }
    return states;
  }

  /** Frees its memory. */
  [Symbol.asyncDispose](): Promise<void> {
    if (this.#activity !== "dispose") this.#state.dispose();
    this.#activity = "dispose";
    return Promise.resolve();
  }

  /** One pass over whole steps; the gates are read before the next op overwrites them. */
  async #pass(values: Float32Array): Promise<Float32Array> {
    const { backend, config, workspace } = this.#net;
    const l = values.length / config.embedDim;
    const numbers = backend.floatFormat === "f64" ? Float64Array.from(values) : values.slice();
    backend.restore(rows(workspace.input, 0, l), new Uint8Array(numbers.buffer));
    const gates: Promise<Float32Array>[] = [];
    const onGate = (_: number, gate: Tensor): void => void gates.push(backend.read(gate));
    const last = backend.read(encodeRows(this.#net, this.#state, l, onGate));
    const [output, ...shares] = await Promise.all([last, ...gates]);
    shares.forEach((gate, layer) => {
      this.#gateSums[layer] += gate.reduce((sum, share) => sum + share, 0);
    });
    return output;
  }

  #check(x: ArrayLike<number>): Float32Array {
    const { embedDim } = this.#net.config;
    const values = finiteNumbers(x);
    const steps = values.length / embedDim;
    if (!Number.isInteger(steps) || steps === 0) {
      throw unreadable(
        `${values.length} numbers are given, expected a multiple of embedDim ${embedDim}`,
        "Give one time step or several, each of embedDim numbers",
      );
    }
    if (this.length + steps > this.maxLength) {
      throw unreadable(
        `the stream has read ${this.length} of ${this.maxLength} steps, expected room for ${steps} more`,
        "Create the stream with a larger maxLength, or a new stream for a new sequence",
      );
    }
    return values;
  }

  #requireLive(act: string): void {
    if (this.#activity !== "dispose") return;
    throw new ConfigError(
      `Cannot ${act}: the stream is disposed, expected a live one`,
      "Dispose a stream last, or create another",
    );
  }

  #begin(): Disposable {
    this.#requireLive("step");
    if (this.#activity === "step") {
      throw new ConfigError(
        "Cannot step: the stream is in the middle of another call, expected one call at a time",
        "Await each call before the next, or create a stream for each sequence",
      );
    }
    this.#activity = "step";
    return {
      [Symbol.dispose]: () => {
        if (this.#activity === "step") this.#activity = null;
      },
    };
  }
}

function unreadable(problem: string, remedy: string): ShapeError {
  return new ShapeError(`Cannot step: ${problem}`, remedy);
}
