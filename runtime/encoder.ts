/** @file The sequence encoder of Edifice (Elixir, `Edifice.SSM.Hymba`): what a user builds, fills with weights and runs. */
import {
  type BatchShape,
  type EncoderInitializeOptions,
  type EncoderLoadOptions,
  type GatedEncoding,
  readBatch,
} from "./encoder/encoder_calls.ts";
import {
  ENCODER_DEFAULTS,
  type EncoderConfig,
  type EncoderOptions,
  resolveEncoder,
} from "./encoder/encoder_config.ts";
import type { EncoderStream, EncoderStreamOptions } from "./encoder/encoder_stream.ts";
import { parameterCount } from "./encoder/encoder_tensors.ts";
import type { OpenedEncoder } from "./encoder/opened_encoder.ts";
import { ConfigError } from "./errors.ts";
import { openSafetensors } from "./formats/safetensors.ts";
import type { BackendReport } from "./backend_report.ts";
import type { SignalOptions } from "./signal_options.ts";
import { type FileSource, openFile } from "./sources/open_file.ts";

/**
 * Encodes sequences of vectors as one vector each: Edifice's Hymba, in which a learned gate for each channel mixes a Mamba branch and an
 * attention branch. Not a language model, and of another make than Hymba's: docs/encoder.md says what it computes.
 *
 * The functions of Edifice's module are static methods here, under the names that JavaScript gives them.
 *
 * @example
 * ```ts
 * import { HymbaEncoder } from "@hymba/runtime";
 *
 * await using encoder = HymbaEncoder.build({ embedDim: 3, hiddenSize: 16, numLayers: 2 });
 * await encoder.initializeWeights({ seed: 1 }); // or: await encoder.loadWeights("encoder.safetensors")
 * const x = Float32Array.from({ length: 2 * 10 * 3 }, (_, i) => Math.sin(i));
 * const encodings = await encoder.encode(x, [2, 10, 3]);
 * console.log(encodings.length); // 2 * 16
 * ```
 *
 * @example A stream reads a sequence as it comes
 * ```ts
 * import { HymbaEncoder } from "@hymba/runtime";
 *
 * await using encoder = HymbaEncoder.build({ embedDim: 3, hiddenSize: 16, numLayers: 2 });
 * await encoder.initializeWeights();
 * await using stream = encoder.createStream({ maxLength: 100 });
 * for (let t = 0; t < 10; t++) {
 *   const encoding = await stream.step([Math.sin(t), Math.cos(t), 1]);
 *   console.log(encoding[0], stream.gateMeans); // the gates: how much Mamba, layer by layer
 * }
 * ```
 */
export class HymbaEncoder {
  /** The options, with every default filled in. */
  readonly config: EncoderConfig;
  #opened: OpenedEncoder | null = null;
  #isDisposed = false;

  private constructor(config: EncoderConfig) {
    this.config = config;
  }

  /**
   * An encoder without weights.
   *
   * @throws {ConfigError} for an unknown option, a wrong type or a number out of range
   */
  static build(options: EncoderOptions): HymbaEncoder {
    return new HymbaEncoder(resolveEncoder(options));
  }

  /** Width of the network unless told otherwise: 256. */
  static defaultHiddenSize(): number {
    return ENCODER_DEFAULTS.hiddenSize;
  }

  /** States of the scan for each channel unless told otherwise: 16. */
  static defaultStateSize(): number {
    return ENCODER_DEFAULTS.stateSize;
  }

  /** Layers unless told otherwise: 4. */
  static defaultNumLayers(): number {
    return ENCODER_DEFAULTS.numLayers;
  }

  /** Attention heads unless told otherwise: 4. */
  static defaultNumHeads(): number {
    return ENCODER_DEFAULTS.numHeads;
  }

  /** Learned meta tokens unless told otherwise: 4. */
  static defaultNumMetaTokens(): number {
    return ENCODER_DEFAULTS.numMetaTokens;
  }

  /** Dropout unless told otherwise: 0. */
  static defaultDropout(): number {
    return ENCODER_DEFAULTS.dropout;
  }

  /** Numbers that an encoder of these options gives for a sequence. */
  static outputSize({ hiddenSize }: Partial<EncoderOptions> = {}): number {
    return hiddenSize ?? ENCODER_DEFAULTS.hiddenSize;
  }

  /** What Edifice recommends to begin with: its defaults, but for a dropout of 0.1. */
  static recommendedDefaults(): Omit<Required<EncoderOptions>, "embedDim" | "metaPropagation"> {
    const { metaPropagation: _, ...defaults } = ENCODER_DEFAULTS;
    return { ...defaults, dropout: 0.1 };
  }

  /** Numbers that the encoder learns. */
  get parameterCount(): number {
    return parameterCount(this.config);
  }

  /** What computes, and why; null without weights. */
  get backend(): BackendReport | null {
    return this.#opened?.net.report ?? null;
  }

  /**
   * Loads weights, in place of those there are; streams made before end with those. If it fails, the old weights stay.
   *
   * @param source a safetensors file in F32, F16 or BF16 with tensors named "<layer>.<parameter>" in Axon's layout: a path, a URL, bytes
   *   or an opened file, which is closed
   * @throws {WeightsError} where the file is damaged, or a tensor is missing, unknown or misshapen
   * @throws {BackendUnavailableError} where the backend cannot run
   */
  async loadWeights(source: FileSource, options: EncoderLoadOptions = {}): Promise<void> {
    this.#requireLive("load weights");
    options.signal?.throwIfAborted();
    const bytes = await openFile(source, options.signal);
    try {
      const file = await openSafetensors(bytes, options.signal);
      const { openEncoder } = await import("./encoder/opened_encoder.ts");
      this.#adopt(await openEncoder(file, this.config, options));
    } finally {
      await bytes.close();
    }
  }

  /**
   * Fills the encoder with random weights, as Axon initialises them: the same for the same seed. For trying sizes and speed.
   *
   * @throws {ConfigError} for a seed that is none
   * @throws {BackendUnavailableError} where the backend cannot run
   */
  async initializeWeights(options: EncoderInitializeOptions = {}): Promise<void> {
    this.#requireLive("initialize weights");
    const { openRandomEncoder } = await import("./encoder/opened_encoder.ts");
    this.#adopt(await openRandomEncoder(this.config, options));
  }

  /**
   * Encodes sequences.
   *
   * @param x `[batch, length, embedDim]`, row-major
   * @param shape the three sizes; any length from 1 on
   * @returns `[batch, hiddenSize]`: the network's last step, normed
   * @throws {ShapeError} where shape, data and embedDim do not fit each other, or a number is not finite
   * @throws {ConfigError} without weights
   */
  async encode(
    x: ArrayLike<number>,
    shape: BatchShape,
    options: SignalOptions = {},
  ): Promise<Float32Array> {
    return (await this.encodeWithGates(x, shape, options)).output;
  }

  /** As {@linkcode HymbaEncoder.encode}, and how much of each layer's output was Mamba's and how much attention's. */
  async encodeWithGates(
    x: ArrayLike<number>,
    shape: BatchShape,
    options: SignalOptions = {},
  ): Promise<GatedEncoding> {
    const opened = this.#requireOpened("encode");
    const values = readBatch(x, shape, this.config.embedDim);
    return await opened.encode(values, shape[0], shape[1], options);
  }

  /**
   * Begins a sequence that is read step by step.
   *
   * @throws {ConfigError} without weights, or for a bad option
   * @throws {KernelError} where memory for `maxLength` steps is not there
   */
  createStream(options: EncoderStreamOptions = {}): EncoderStream {
    return this.#requireOpened("create a stream").createStream(options);
  }

  /** Frees weights and streams. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#replace(null);
    return Promise.resolve();
  }

  #adopt(opened: OpenedEncoder): void {
    try {
      this.#requireLive("load weights");
    } catch (error) {
      opened.net.backend.dispose();
      throw error;
    }
    this.#replace(opened);
  }

  #replace(opened: OpenedEncoder | null): void {
    this.#opened?.net.backend.dispose();
    this.#opened = opened;
  }

  #requireLive(act: string): void {
    if (!this.#isDisposed) return;
    throw new ConfigError(
      `Cannot ${act}: the encoder is disposed, expected a live one`,
      "Dispose an encoder last, or build another",
    );
  }

  #requireOpened(act: string): OpenedEncoder {
    this.#requireLive(act);
    if (this.#opened) return this.#opened;
    throw new ConfigError(
      `Cannot ${act}: the encoder has no weights, expected them loaded`,
      "Await loadWeights or initializeWeights first",
    );
  }
}
