/** @file A published checkpoint -> one packed GGUF file: which tensor gets which dtype, and the metadata. */

import type { Checkpoint } from "./checkpoint_files.ts";
import { parseConfig } from "./config.ts";
import { convertCheckpoint, type ConvertOptions } from "./formats/convert.ts";
import { checkpointMetadata } from "./gguf_checkpoint.ts";
import type { GgufWriteProgress } from "./formats/gguf_writer.ts";
import type { TensorInfo } from "./formats/tensor_file.ts";
import { checkTensors } from "./load_tensors.ts";
import { BLOCK_SIZE, type WeightDtype } from "./tensor.ts";
import { isQuantizable, type TensorSpec, tensorSpecs } from "./weights.ts";

/** Options of {@linkcode packCheckpoint}. */
export interface PackOptions {
  /** Storage dtype of the large matrices. */
  readonly dtype: WeightDtype;
  /** What people call the model. */
  readonly name: string;
  /** Where the file goes. Closed at the end; aborted when anything fails. */
  readonly sink: WritableStream<Uint8Array<ArrayBuffer>>;
  readonly signal?: AbortSignal;
  /** Called after each slice of a tensor, with bytes of the new file. */
  readonly onProgress?: (progress: GgufWriteProgress) => void;
}

/**
 * Packs a checkpoint into one GGUF file, streaming: memory holds one slice of a tensor, whatever the checkpoint's size.
 *
 * @returns the length of the file in bytes
 * @throws {ConfigError} when config.json cannot be used
 * @throws {WeightsError} when the tensors are damaged or do not belong to config.json
 */
export async function packCheckpoint(checkpoint: Checkpoint, options: PackOptions): Promise<number> {
  const { dtype, name, sink, signal, onProgress } = options;
  let plan: Plan;
  try {
    plan = preparePacking(checkpoint, name, dtype);
  } catch (error) {
    await sink.abort(error);
    throw error;
  }
  return await convertCheckpoint({ files: checkpoint.tensors, ...plan, sink, signal, onProgress });
}

type Plan = Pick<ConvertOptions, "metadata" | "dtypeOf">;

function preparePacking(checkpoint: Checkpoint, name: string, dtype: WeightDtype): Plan {
  const specs = tensorSpecs(parseConfig(checkpoint.configJson));
  checkTensors(checkpoint.tensors, specs);
  return {
    metadata: checkpointMetadata(checkpoint, name, dtype),
    dtypeOf: (info) => packedDtype(info, specs.get(info.name)!, dtype),
  };
}

/**
 * Storage dtype of one tensor in a packed file: `dtype` for the projections and the embedding, where their rows are a whole
 * number of blocks. Everything else is small and sensitive and stays as published.
 */
export function packedDtype(info: TensorInfo, spec: TensorSpec, dtype: WeightDtype): WeightDtype {
  const fits = isQuantizable(info.name, spec) && info.shape[1] % BLOCK_SIZE[dtype] === 0;
  return fits ? dtype : info.dtype;
}
