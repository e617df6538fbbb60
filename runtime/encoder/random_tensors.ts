/** @file The tensors of an encoder that has learned nothing, as Axon initialises its layers. */
import { ConfigError } from "../errors.ts";
import { allocateBytes } from "../formats/byte_source.ts";
import type { TensorFile, TensorInfo } from "../formats/tensor_file.ts";
import { CounterRandom, MAX_SEED } from "../random.ts";
import type { EncoderConfig } from "./encoder_config.ts";
import { encoderSpecs, type EncoderTensorSpec } from "./encoder_tensors.ts";
import { byteLength, elementCount } from "../tensor.ts";

/**
 * Random tensors, the same for the same seed: gains are 1, what is added is 0, and everything else is uniform within
 * `sqrt(6 / (fanIn + fanOut))` of 0 (Glorot and Bengio, AISTATS 2010).
 *
 * @throws {ConfigError} for a seed that is none
 */
export function randomEncoderTensors(config: EncoderConfig, seed: number): TensorFile {
  if (!Number.isInteger(seed) || seed < 0 || seed > MAX_SEED) {
    throw new ConfigError(
      `Cannot use option "seed": it is ${String(seed)}, expected an integer from 0 to ${MAX_SEED}`,
      "Give it such a number, or leave it out for 0",
    );
  }
  const specs = encoderSpecs(config);
  const random = new CounterRandom(seed);
  const names = [...specs.keys()];
  const tensors = new Map(
    [...specs].map(([name, { shape }]): [string, TensorInfo] => {
      const size = byteLength("f32", elementCount(shape));
      return [name, { name, dtype: "f32", shape, byteLength: size }];
    }),
  );
  // deno-lint-ignore require-await -- a file's methods are asynchronous
  const read = async (name: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> => {
    signal?.throwIfAborted();
    const bytes = allocateBytes(tensors.get(name)!.byteLength, name);
    fill(new Float32Array(bytes.buffer), specs.get(name)!, (i) => random.uniform(names.indexOf(name), i));
    return bytes;
  };
  return {
    tensors,
    read,
    readSlice: async (name, start, length, signal) =>
      (await read(name, signal)).subarray(start, start + length),
    close: () => Promise.resolve(),
  };
}

function fill(
  values: Float32Array,
  { role, shape }: EncoderTensorSpec,
  uniform: (i: number) => number,
): void {
  if (role === "gain" || role === "shift") {
    values.fill(role === "gain" ? 1 : 0);
    return;
  }
  const [fanIn, fanOut] = shape.slice(-2).map((size) => size * elementCount(shape.slice(0, -2)));
  const reach = Math.sqrt(6 / (fanIn + fanOut));
  values.forEach((_, i) => values[i] = reach * (2 * uniform(i) - 1));
}
