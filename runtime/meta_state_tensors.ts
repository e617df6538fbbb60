/**
 * @file The state behind the meta tokens as tensors of a packed file. It is a constant of a model (arXiv:2411.13676, section 2.3), so a file
 * may carry it, and loading then need not pass the meta tokens through the network.
 */
import type { HymbaConfig } from "./config.ts";
import { WeightsError } from "./errors.ts";
import type { TensorFile } from "./formats/tensor_file.ts";
import { checkTensors } from "./load_tensors.ts";

/** A stored state. */
export interface MetaStateFile {
  /**
   * Fingerprint of the network that computed it: a hash of the weights as they are stored, of config.json and of the window rule. On any other
   * network the state is not that of the meta tokens, and is computed anew.
   */
  readonly fingerprint: string;
  /** The tensors that {@linkcode metaStateSpecs} names, all of them f32. */
  readonly tensors: TensorFile;
}

/** Whether a name is one of {@linkcode metaStateSpecs}, of whatever model. */
export function isMetaStateTensor(name: string): boolean {
  return name.includes(".memory_state.");
}

/**
 * The tensors of a stored state, in the order of a state's own (state_bytes.ts): rotated keys and values by owner, `[numMetaTokens, columns]`,
 * then convolution states, SSM states, and the last meta token's hidden row.
 */
export function metaStateSpecs(config: HymbaConfig): Map<string, { readonly shape: readonly number[] }> {
  const { layers, numMetaTokens, numKvHeads, headDim, vHeadDim, dConv, dInner, dState, hiddenSize } = config;
  const specs = new Map<string, { readonly shape: readonly number[] }>();
  const add = (layer: number, part: string, ...shape: number[]): void => {
    specs.set(`model.layers.${layer}.memory_state.${part}`, { shape });
  };
  layers.forEach(({ kvOwner }, layer) => {
    if (kvOwner < layer) return;
    add(layer, "keys", numMetaTokens, numKvHeads * headDim);
    add(layer, "values", numMetaTokens, numKvHeads * vHeadDim);
  });
  layers.forEach((_, layer) => add(layer, "conv", dConv - 1, dInner));
  layers.forEach((_, layer) => add(layer, "ssm", dInner, dState));
  return specs.set("model.memory_state.last_hidden", { shape: [hiddenSize] });
}

/**
 * Checks names, shapes and storage of a stored state before anything is read.
 *
 * @throws {WeightsError} where a tensor is missing, unknown, misshapen or not f32
 */
export function checkMetaState({ tensors }: MetaStateFile, config: HymbaConfig): void {
  const remedy = "Pack the checkpoint again with `hymba convert`";
  checkTensors(tensors, metaStateSpecs(config), { source: "config.json", remedy });
  for (const { name, dtype } of tensors.tensors.values()) {
    if (dtype === "f32") continue;
    throw new WeightsError(`Cannot load tensor "${name}": it is stored as ${dtype}, expected f32`, remedy);
  }
}
