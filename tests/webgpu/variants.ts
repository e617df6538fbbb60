/** @file Every variant of every kernel that the ops may ask for: what the compile test compiles. */
import type { LibraryName } from "../../kernels/sources.ts";
import type { ActivationPrecision } from "../../runtime/backend.ts";
import type { KernelChoice } from "../../runtime/backends/webgpu/kernels.ts";
import { dotLibraries } from "../../runtime/backends/webgpu/ops/operand.ts";
import type { WeightDtype } from "../../runtime/tensor.ts";

const DTYPES: readonly WeightDtype[] = ["f32", "f16", "bf16", "q8_0", "q4_0"];
const PRECISIONS: readonly ActivationPrecision[] = ["q16", "q8"];
const CACHES: readonly LibraryName[] = ["cache_f32", "cache_f16"];
const INPUTS_A: readonly LibraryName[] = ["input_a_separate", "input_a_shared"];
const INPUTS_B: readonly LibraryName[] = ["input_b_separate", "input_b_shared"];

/** Constants of attention for heads of 64 and 128 dimensions, five queries a group: Hymba-1.5B's. */
const ATTENTION = {
  WORKGROUP_SIZE: 128,
  HEAD_DIM: 64,
  V_HEAD_DIM: 128,
  GROUP: 5,
  PARTS: 4,
  QUERY_SIZE: 320,
  PRODUCTS_SIZE: 640,
  SCORES_SIZE: 160,
};

/** The variants for a device with or without subgroup operations. */
export function variants(subgroups: boolean): KernelChoice[] {
  const reduce: LibraryName = subgroups ? "reduce_subgroups" : "reduce_workgroup";
  return [
    ...memoryVariants(),
    ...productVariants(reduce),
    ...cacheVariants(),
    ...INPUTS_A.map((a): KernelChoice => ({ kernel: "rms_norm", libraries: [a, reduce] })),
    ...INPUTS_A.flatMap((a) =>
      INPUTS_B.map((b): KernelChoice => ({ kernel: "head_fusion", libraries: [a, b, reduce] }))
    ),
    { kernel: "ssm_conv", libraries: ["pointwise"] },
    { kernel: "ssm_scan", libraries: ["pointwise", reduce] },
  ];
}

function memoryVariants(): KernelChoice[] {
  return [
    { kernel: "advance_cursor" },
    { kernel: "copy" },
    { kernel: "copy_f16" },
    ...DTYPES.map((dtype): KernelChoice => ({ kernel: "embed", libraries: [`block_${dtype}`, "scale"] })),
  ];
}

function productVariants(reduce: LibraryName): KernelChoice[] {
  const products = PRECISIONS.flatMap((precision) => DTYPES.map((dtype) => dotLibraries(dtype, precision)));
  return [
    ...PRECISIONS.map((precision): KernelChoice => ({
      kernel: "quantize",
      libraries: [`activations_${precision}`],
    })),
    ...products.flatMap((libraries) =>
      [0, 1].map((ACCUMULATE): KernelChoice => ({
        kernel: "linear",
        libraries: [...libraries, reduce],
        constants: { WORKGROUP_SIZE: 128, ROWS: 1, ACCUMULATE },
      }))
    ),
    ...products.map((libraries): KernelChoice => ({
      kernel: "gated_linear",
      libraries: [...libraries, "pointwise", reduce],
    })),
  ];
}

function cacheVariants(): KernelChoice[] {
  return [
    ...CACHES.flatMap((cache) =>
      INPUTS_A.flatMap((a) =>
        INPUTS_B.map((b): KernelChoice => ({
          kernel: "rope_append",
          libraries: [a, b, "rotation", cache, "cache_slot"],
        }))
      )
    ),
    ...CACHES.flatMap((cache) =>
      [0, 1].map((PARTIAL): KernelChoice => ({
        kernel: "attention",
        libraries: [cache, "cache_slot", "visible_keys", "attention_tile"],
        constants: { ...ATTENTION, PARTIAL },
      }))
    ),
    { kernel: "attention_combine" },
  ];
}
