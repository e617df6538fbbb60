/** @file The state behind the meta tokens of a checkpoint as it will be packed, the same bits on every machine. */
import { openWasmBackend } from "./backends/wasm.ts";
import type { CheckpointWeights } from "./checkpoint_files.ts";
import { type HymbaConfig, parseConfig } from "./config.ts";
import { openPlacedTensors, type PlacedTensor, type TensorFile } from "./formats/tensor_file.ts";
import { AS_STORED, loadNetwork } from "./load_network.ts";
import type { ProgressOptions } from "./load_tensors.ts";
import { passMetaTokens, STORED_ENCODING } from "./meta_state.ts";
import { type MetaStateFile, metaStateSpecs } from "./meta_state_tensors.ts";
import { packedTensors } from "./pack_checkpoint.ts";
import { openBytesSource } from "./sources/bytes_source.ts";
import { concatenate, saveState } from "./state_bytes.ts";
import type { WeightDtype } from "./tensor.ts";

/** Options of {@linkcode computeMetaState}. */
export interface ComputeMetaStateOptions extends ProgressOptions {
  /** Storage dtype of the large matrices in the packed file. */
  readonly dtype: WeightDtype;
  /** Threads that compute, "auto" for as many as pay; the result does not depend on them. @default {1} */
  readonly threads?: number | "auto";
  readonly signal?: AbortSignal;
}

/**
 * Loads a checkpoint into WebAssembly as a packed file of it would be loaded, and passes its meta tokens through: deterministic, with two-byte
 * activations. Memory: all weights, as they will be stored, until it returns.
 *
 * @returns null for a model without meta tokens
 * @throws {WeightsError} where the checkpoint is damaged or does not match its config
 * @throws {BackendUnavailableError} where WebAssembly cannot run
 * @throws {KernelError} where the weights do not fit WebAssembly's memory
 */
export async function computeMetaState(
  checkpoint: CheckpointWeights,
  { dtype, threads, signal, onProgress }: ComputeMetaStateOptions,
): Promise<MetaStateFile | null> {
  const config = parseConfig(checkpoint.configJson);
  if (config.numMetaTokens === 0) return null;
  const backend = await openWasmBackend({ deterministic: true, threads });
  try {
    const tensors = packedTensors(checkpoint.tensors, config, dtype);
    const packed = { checkpoint: { ...checkpoint, tensors, metaState: null }, config, precision: AS_STORED };
    const net = await loadNetwork({ ...packed, weights: { signal, onProgress } }, backend);
    backend.settleThreads();
    const state = await passMetaTokens(net, "f32");
    const parts = await saveState(backend, config, state, STORED_ENCODING);
    return { fingerprint: await net.fingerprint, tensors: stateTensors(config, parts) };
  } finally {
    backend.dispose();
  }
}

/** Named tensors of a state's bytes. */
function stateTensors(config: HymbaConfig, parts: readonly Uint8Array[]): TensorFile {
  let end = 0;
  const placed = [...metaStateSpecs(config)].map(([name, { shape }], i): PlacedTensor => {
    const offset = end;
    end += parts[i].length;
    return { name, dtype: "f32", shape, offset, byteLength: parts[i].length };
  });
  return openPlacedTensors(openBytesSource("the state behind the meta tokens", concatenate(parts)), placed);
}
