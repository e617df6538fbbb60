/**
 * @file An encoder that has its weights, and what it does with them. Imported when weights are first asked for: programs that run language models
 * only never wait for it.
 */
import { EventLoopTurns } from "../event_loop.ts";
import type { TensorFile } from "../formats/tensor_file.ts";
import type { SignalOptions } from "../signal_options.ts";
import type { EncoderInitializeOptions, EncoderLoadOptions, GatedEncoding } from "./encoder_calls.ts";
import type { EncoderConfig } from "./encoder_config.ts";
import type { EncoderNet } from "./encoder_net.ts";
import { EncoderStream, type EncoderStreamOptions } from "./encoder_stream.ts";
import { openEncoderNet } from "./open_encoder_net.ts";
import { randomEncoderTensors } from "./random_tensors.ts";

/** A network, and the streams that read with it. */
export class OpenedEncoder {
  /** What computes. */
  readonly net: EncoderNet;

  constructor(net: EncoderNet) {
    this.net = net;
  }

  /** See {@linkcode HymbaEncoder.createStream}. */
  createStream(options: EncoderStreamOptions): EncoderStream {
    return new EncoderStream(this.net, options);
  }

  /** Encodes `values`, `batch` sequences of `length` steps. See {@linkcode HymbaEncoder.encodeWithGates}. */
  async encode(
    values: Float32Array,
    batch: number,
    length: number,
    options: SignalOptions,
  ): Promise<GatedEncoding> {
    const { embedDim, hiddenSize, numLayers } = this.net.config;
    const output = new Float32Array(batch * hiddenSize);
    const gateMeans = new Float32Array(batch * numLayers);
    using turns = new EventLoopTurns();
    for (let i = 0; i < batch; i++) {
      await using stream = this.createStream({ maxLength: length });
      const sequence = values.subarray(i * length * embedDim, (i + 1) * length * embedDim);
      output.set(await stream.step(sequence, options), i * hiddenSize);
      gateMeans.set(stream.gateMeans, i * numLayers);
      await turns.turn();
    }
    return { output, gateMeans };
  }
}

/** Opens an encoder with the weights of a file. Throws what {@linkcode openEncoderNet} throws. */
export async function openEncoder(
  file: TensorFile,
  config: EncoderConfig,
  options: EncoderLoadOptions,
): Promise<OpenedEncoder> {
  return new OpenedEncoder(await openEncoderNet(file, config, options));
}

/** Opens an encoder with random weights. See {@linkcode HymbaEncoder.initializeWeights}. */
export async function openRandomEncoder(
  config: EncoderConfig,
  { seed = 0, backend }: EncoderInitializeOptions,
): Promise<OpenedEncoder> {
  return await openEncoder(randomEncoderTensors(config, seed), config, { backend });
}
