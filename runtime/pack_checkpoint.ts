/** @file A published checkpoint -> one packed GGUF file: which tensor gets which dtype, and the metadata. */

import type { CheckpointWeights } from "./checkpoint_files.ts";
import { type HymbaConfig, parseConfig } from "./config.ts";
import { convertTensors, writeTensors, type WriteTensorsOptions } from "./formats/convert.ts";
import { checkpointMetadata } from "./gguf_checkpoint.ts";
import type { GgufWriteProgress } from "./formats/gguf_writer.ts";
import { joinTensorFiles, type TensorFile } from "./formats/tensor_file.ts";
import { checkTensors } from "./load_tensors.ts";
import type { MetaStateFile } from "./meta_state_tensors.ts";
import type { WeightDtype } from "./tensor.ts";
import { storageDtype, tensorSpecs } from "./weights.ts";

/** Options of {@linkcode packCheckpoint}. */
export interface PackOptions {
  /** Storage dtype of the large matrices. */
  readonly dtype: WeightDtype;
  /** What people call the model. */
  readonly name: string;
  /**
   * The state behind the meta tokens of this checkpoint with this dtype, as `computeMetaState` makes it: models loaded from the file begin
   * with it. Left out or null: they compute it.
   */
  readonly metaState?: MetaStateFile | null;
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
export async function packCheckpoint(checkpoint: CheckpointWeights, options: PackOptions): Promise<number> {
  const { sink, signal, onProgress } = options;
  let plan: Plan;
  try {
    plan = preparePacking(checkpoint, options);
  } catch (error) {
    await sink.abort(error);
    throw error;
  }
  return await writeTensors({ ...plan, sink, signal, onProgress });
}

type Plan = Pick<WriteTensorsOptions, "metadata" | "files">;

function preparePacking(checkpoint: CheckpointWeights, { dtype, name, metaState }: PackOptions): Plan {
  const weights = packedTensors(checkpoint.tensors, parseConfig(checkpoint.configJson), dtype);
  const description = { name, dtype, metaStateFingerprint: metaState?.fingerprint };
  return {
    metadata: checkpointMetadata(checkpoint, description),
    files: joinTensorFiles("the checkpoint", metaState ? [weights, metaState.tensors] : [weights]),
  };
}

/**
 * A checkpoint's tensors as a packed file has them.
 *
 * @param dtype of the large matrices
 * @throws {WeightsError} where a tensor is missing, unknown or misshapen
 */
export function packedTensors(files: TensorFile, config: HymbaConfig, dtype: WeightDtype): TensorFile {
  const specs = tensorSpecs(config);
  checkTensors(files, specs);
  return convertTensors(files, (info) => storageDtype(info, specs.get(info.name)!, dtype));
}
