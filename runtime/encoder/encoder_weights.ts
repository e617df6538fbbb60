/** @file An encoder's tensors -> a backend's weights: Axon's `[in, out]` becomes the `[out, in]` of the ops. */
import type { Backend, Weight } from "../backend.ts";
import { dequantize } from "../formats/quantize.ts";
import type { TensorFile, TensorInfo } from "../formats/tensor_file.ts";
import { checkTensors, type ProgressOptions, uploadTensors } from "../load_tensors.ts";
import type { SignalOptions } from "../signal_options.ts";
import type { EncoderConfig } from "./encoder_config.ts";
import {
  arrangeEncoder,
  encoderSpecs,
  type EncoderTensors,
  type EncoderTensorSpec,
} from "./encoder_tensors.ts";

/**
 * Checks every tensor of a file against a config and uploads them one by one, in f32.
 *
 * @throws {WeightsError} before anything is read, where a tensor is missing, unknown or misshapen
 */
export async function loadEncoderWeights(
  file: TensorFile,
  config: EncoderConfig,
  backend: Backend,
  options: ProgressOptions & SignalOptions = {},
): Promise<EncoderTensors<Weight>> {
  const specs = encoderSpecs(config);
  checkTensors(file, specs, { source: "the encoder's options" });
  const uploadOne = async ({ name, dtype }: TensorInfo): Promise<Weight> =>
    upload(backend, specs.get(name)!, dequantize(dtype, await file.read(name, options.signal)));
  const weights = await uploadTensors(file, backend, specs.keys(), uploadOne, options);
  return arrangeEncoder(config, (name) => weights.get(name)!);
}

function upload(backend: Backend, { role, shape }: EncoderTensorSpec, values: Float32Array): Weight {
  const bytes = (numbers: Float32Array): Uint8Array => new Uint8Array(numbers.buffer);
  const [rows, columns] = [shape[0], shape[shape.length - 1]];
  switch (role) {
    case "dense":
      return backend.upload("matrix", "f32", [columns, rows], bytes(transpose(values, rows, columns)));
    case "convolution":
      return backend.upload("plain", "f32", [columns, rows], bytes(transpose(values, rows, columns)));
    case "meta":
      return backend.upload("matrix", "f32", shape, bytes(values));
    case "gain":
    case "shift":
      return backend.upload("plain", "f32", shape, bytes(values));
    default:
      return role satisfies never;
  }
}

function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) out[c * rows + r] = values[r * columns + c];
  }
  return out;
}
