/** @file A checkpoint of random numbers: speed does not depend on the weights' values, as long as nothing overflows. */
import type { HymbaConfig } from "../../runtime/config.ts";
import { quantize } from "../../runtime/formats/quantize.ts";
import { findTensor, type TensorFile, type TensorInfo } from "../../runtime/formats/tensor_file.ts";
import { byteLength, elementCount, type WeightDtype } from "../../runtime/tensor.ts";
import { isQuantizable, tensorSpecs } from "../../runtime/weights.ts";

/** Every tensor of a model, its large matrices in `dtype` and the rest in bf16. Tensors of one size and dtype share their bytes. */
export function randomCheckpoint(config: HymbaConfig, dtype: WeightDtype): TensorFile {
  const tensors = new Map<string, TensorInfo>();
  for (const [name, spec] of tensorSpecs(config)) {
    const stored = isQuantizable(name, spec) ? dtype : "bf16";
    const size = byteLength(stored, elementCount(spec.shape));
    tensors.set(name, { name, dtype: stored, shape: spec.shape, byteLength: size });
  }
  const made = new Map<string, Uint8Array<ArrayBuffer>>();
  const read = (name: string): Promise<Uint8Array<ArrayBuffer>> => {
    const info = findTensor(tensors, name, "random");
    const key = `${info.dtype} ${info.shape}`;
    const bytes = made.get(key) ?? quantize(info.dtype, randomNumbers(info.shape));
    made.set(key, bytes);
    return Promise.resolve(bytes);
  };
  return {
    tensors,
    read,
    readSlice: async (name, start, length) => (await read(name)).slice(start, start + length),
    close: () => Promise.resolve(),
  };
}

/** Uniform numbers of standard deviation 1 / sqrt(columns), so that products neither grow nor fade. */
function randomNumbers(shape: readonly number[]): Float32Array {
  const scale = Math.sqrt(3 / shape[shape.length - 1]);
  let state = 0x2545f491;
  return Float32Array.from({ length: elementCount(shape) }, () => {
    state = Math.imul(state, 1664525) + 1013904223;
    return (state / 2 ** 31) * scale;
  });
}
