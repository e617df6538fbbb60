/** @file A checkpoint's weights -> a network on a backend. */
import type { Backend } from "./backend.ts";
import type { Checkpoint } from "./checkpoint_files.ts";
import type { HymbaConfig } from "./config.ts";
import { fingerprintOf, WeightsHash } from "./fingerprint.ts";
import type { MixerObserver, Network } from "./network.ts";
import { byteLength, elementCount } from "./tensor.ts";
import { loadWeights, type LoadWeightsOptions, storageDtype, tensorSpecs } from "./weights.ts";
import { createWorkspace } from "./workspace.ts";

/** What a network is loaded from, and how. Stays valid until the checkpoint is closed. */
export interface NetworkSource {
  readonly checkpoint: Checkpoint;
  readonly config: HymbaConfig;
  /** Most tokens that one pass takes; left out: what the backend prefers. */
  readonly chunkSize?: number;
  /** Hash of the checkpoint's tensors where it is known; left out: made of what is read. */
  readonly weightsHash?: string;
  /** What else changes the numbers that the network computes; part of its fingerprint. */
  readonly precision: readonly unknown[];
  readonly observer?: MixerObserver;
  readonly weights: Omit<LoadWeightsOptions, "onBytes">;
}

/** The `precision` of a network that stores weights as the checkpoint does and computes with activations of two bytes. */
export const AS_STORED: NetworkSource["precision"] = [null, null];

/** Loads a network. The caller owns the backend, and disposes of it if this fails. */
export async function loadNetwork(source: NetworkSource, backend: Backend): Promise<Network> {
  const { checkpoint, config, chunkSize = backend.preferredChunkSize, observer } = source;
  const hash = source.weightsHash === undefined ? new WeightsHash() : null;
  const onBytes = hash === null ? undefined : (bytes: Uint8Array<ArrayBuffer>) => hash.add(bytes);
  const weights = await loadWeights(checkpoint.tensors, config, backend, { ...source.weights, onBytes });
  const settings = JSON.stringify([checkpoint.configJson, config.windowRule, ...source.precision]);
  const fingerprint = fingerprintOf(settings, await hash?.hex() ?? source.weightsHash!);
  const rope = backend.createRope(config.inverseFrequencies);
  const workspace = createWorkspace(backend, config, chunkSize);
  return { backend, config, weights, rope, workspace, chunkSize, fingerprint, observer };
}

/** Bytes of a network's matrices as they will be stored: what a decode step reads. */
export function matrixBytes({ checkpoint, config, weights: { quantization } }: NetworkSource): number {
  let bytes = 0;
  for (const [name, spec] of tensorSpecs(config)) {
    const info = checkpoint.tensors.tensors.get(name);
    if (spec.use !== "matrix" || info === undefined) continue;
    bytes += byteLength(storageDtype(info, spec, quantization), elementCount(spec.shape));
  }
  return bytes;
}
