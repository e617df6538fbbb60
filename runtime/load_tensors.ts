/** @file A checkpoint's tensors, checked against what is expected and uploaded one by one. */
import type { Backend, Weight } from "./backend.ts";
import { WeightsError } from "./errors.ts";
import type { TensorFile, TensorInfo } from "./formats/tensor_file.ts";

/** Options of {@linkcode uploadTensors}. */
export interface ProgressOptions {
  /** Called after each tensor with the bytes read so far and in all. */
  readonly onProgress?: (progress: { loadedBytes: number; totalBytes: number }) => void;
}

/** What messages of {@linkcode checkTensors} say of the tensors that are expected. */
export interface ExpectationSource {
  /** What names them. */
  readonly source: string;
  /** What to do where others are there. */
  readonly remedy?: string;
}

/**
 * Checks names and shapes of every tensor of a checkpoint.
 *
 * @param specs what is expected, by name
 * @throws {WeightsError} where a tensor is missing, unknown or misshapen
 */
export function checkTensors(
  file: TensorFile,
  specs: ReadonlyMap<string, { readonly shape: readonly number[] }>,
  { source, remedy = `Check that the checkpoint and ${source} belong together` }: ExpectationSource = {
    source: "config.json",
  },
): void {
  const fail = (name: string, problem: string): never => {
    throw new WeightsError(`Cannot load tensor "${name}": ${problem}`, remedy);
  };
  for (const [name, { shape }] of specs) {
    const info = file.tensors.get(name);
    if (!info) fail(name, `it is missing, expected shape [${shape.join(", ")}]`);
    else if (info.shape.join() !== shape.join()) {
      fail(name, `shape is [${info.shape.join(", ")}], expected [${shape.join(", ")}]`);
    }
  }
  for (const name of file.tensors.keys()) {
    if (!specs.has(name)) fail(name, `there is no place for it in ${source}, expected ${specs.size} tensors`);
  }
}

/**
 * Uploads tensors in order. When one fails, those before are released.
 *
 * @param names what to upload; checked to be there
 * @param upload reads a tensor and makes its weight
 */
export async function uploadTensors(
  file: TensorFile,
  backend: Backend,
  names: Iterable<string>,
  upload: (info: TensorInfo) => Promise<Weight>,
  { onProgress }: ProgressOptions = {},
): Promise<Map<string, Weight>> {
  const infos = [...names].map((name) => file.tensors.get(name)!);
  const totalBytes = infos.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const weights = new Map<string, Weight>();
  let loadedBytes = 0;
  try {
    for (const info of infos) {
      weights.set(info.name, await upload(info));
      loadedBytes += info.byteLength;
      onProgress?.({ loadedBytes, totalBytes });
    }
    return weights;
  } catch (error) {
    weights.forEach((weight) => backend.release(weight));
    throw error;
  }
}
