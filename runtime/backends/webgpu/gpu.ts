/** @file What every op is given: one device's commands and memory. */
import type { ActivationPrecision } from "../../activation_precision.ts";
import type { Commands } from "./commands.ts";
import type { GpuFeatures } from "./device.ts";
import type { Memory } from "./memory.ts";
import type { LibraryName } from "../../../kernels/sources.ts";
import type { VectorPacks } from "./vector_packs.ts";

/** One device, ready for ops. */
export interface Gpu {
  readonly features: GpuFeatures;
  /** What products with quantised weights make of activations. */
  readonly activations: ActivationPrecision;
  /** Bytes of workgroup memory that a kernel may have. */
  readonly workgroupBytes: number;
  readonly commands: Commands;
  readonly memory: Memory;
  readonly vectorPacks: VectorPacks;
}

/** The library of sums over a workgroup that this device runs. */
export function reduceLibrary({ features }: Gpu): LibraryName {
  return features.subgroups ? "reduce_subgroups" : "reduce_workgroup";
}
