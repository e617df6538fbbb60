/** @file What can be said of a model from its headers alone: no tensor data is read, no backend opened. */
import type { Checkpoint } from "../runtime/checkpoint_files.ts";
import { CHUNK_SIZES, type ComputeDevice } from "../runtime/chunk_sizes.ts";
import type { HymbaConfig } from "../runtime/config.ts";
import { type KvDtype, type SequenceBytes, stateBytes, type StateLayout } from "../runtime/state_layout.ts";
import { elementCount, type WeightDtype } from "../runtime/tensor.ts";

/** One tensor of a checkpoint. */
export interface TensorFacts {
  readonly name: string;
  readonly dtype: WeightDtype;
  readonly shape: readonly number[];
  readonly bytes: number;
}

/** All tensors of one dtype together. */
export interface DtypeTotal {
  readonly dtype: WeightDtype;
  readonly tensors: number;
  readonly parameters: number;
  readonly bytes: number;
}

/** Bytes of one session's state, created with a `maxContext`. */
export interface StateFacts extends SequenceBytes {
  /** The `maxContext`: tokens after the meta tokens. */
  readonly tokens: number;
  readonly kvDtype: KvDtype;
  /** What computes: a GPU takes more tokens a pass, and so has longer rings. */
  readonly device: ComputeDevice;
}

/** What `hymba inspect` shows. */
export interface ModelFacts {
  readonly config: HymbaConfig;
  readonly tensors: readonly TensorFacts[];
  readonly byDtype: readonly DtypeTotal[];
  readonly parameters: number;
  readonly bytes: number;
  /** The state behind the meta tokens that a packed file may carry, not counted above; null: loading computes it. */
  readonly metaState: { readonly tensors: number; readonly bytes: number } | null;
  readonly state: readonly StateFacts[];
}

const CONTEXT_LENGTHS = [1024, 2048, 4096, 8192, 16384, 32768];

/** Gathers the facts of a checkpoint. */
export function modelFacts({ tensors: file, metaState }: Checkpoint, config: HymbaConfig): ModelFacts {
  const tensors = [...file.tensors.values()].map(({ name, dtype, shape, byteLength }) => ({
    name,
    dtype,
    shape,
    bytes: byteLength,
  }));
  const byDtype = totals(tensors);
  const ofState = metaState && [...metaState.tensors.tensors.values()];
  return {
    config,
    tensors,
    byDtype,
    parameters: byDtype.reduce((sum, { parameters }) => sum + parameters, 0),
    bytes: byDtype.reduce((sum, { bytes }) => sum + bytes, 0),
    metaState: ofState && {
      tensors: ofState.length,
      bytes: ofState.reduce((sum, { byteLength }) => sum + byteLength, 0),
    },
    state: (["cpu", "gpu"] as const).flatMap((device) =>
      (["f32", "f16"] as const).flatMap((kvDtype) =>
        CONTEXT_LENGTHS.map((tokens) => stateFacts(config, device, kvDtype, tokens))
      )
    ),
  };
}

function totals(tensors: readonly TensorFacts[]): DtypeTotal[] {
  const byDtype = Object.entries(Object.groupBy(tensors, ({ dtype }) => dtype));
  return byDtype.map(([dtype, group]) => ({
    dtype: dtype as WeightDtype,
    tensors: group.length,
    parameters: group.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    bytes: group.reduce((sum, { bytes }) => sum + bytes, 0),
  })).sort((a, b) => b.bytes - a.bytes);
}

function stateFacts(
  config: HymbaConfig,
  device: ComputeDevice,
  kvDtype: KvDtype,
  tokens: number,
): StateFacts {
  const layout: StateLayout = {
    chunkSize: CHUNK_SIZES[device],
    kvDtype,
    maxContext: tokens,
    globalWindow: null,
  };
  return { tokens, kvDtype, device, ...stateBytes(config, layout, tokens) };
}
