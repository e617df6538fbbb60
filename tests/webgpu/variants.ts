/** @file Every variant of every kernel that the ops may ask for: what the compile test compiles. */
import type { LibraryName } from "../../kernels/sources.ts";
import type { ActivationPrecision } from "../../runtime/activation_precision.ts";
import type { KernelChoice } from "../../runtime/backends/webgpu/kernels.ts";
import { SPLIT_LIBRARIES } from "../../runtime/backends/webgpu/ops/attention_division.ts";
import { productLibraries } from "../../runtime/backends/webgpu/ops/operand.ts";
import { attendAndProjectLibraries } from "../../runtime/backends/webgpu/ops/attend_and_project.ts";
import { isQuantized, WEIGHT_DTYPES } from "../../runtime/tensor.ts";

const PRECISIONS: readonly ActivationPrecision[] = ["q16", "q8"];
const CACHES: readonly LibraryName[] = ["cache_f32", "cache_f16"];
const TILES: readonly LibraryName[] = ["tile_64", "tile_128"];
const OPERANDS = ["operand_plain", "operand_normed", "operand_fused"] as const;
const INPUTS_A: readonly LibraryName[] = ["input_a_separate", "input_a_shared"];
const INPUTS_B: readonly LibraryName[] = ["input_b_separate", "input_b_shared"];

/** Constants of attention for heads of 64 and 128 dimensions, five queries a group: Hymba-1.5B's. */
const ATTENTION = {
  HEAD_DIM: 64,
  V_HEAD_DIM: 128,
  GROUP: 5,
  KEY_QUADS: 16,
  VALUE_QUADS: 32,
  VALUE_LANES: 32,
  QUERY_QUADS: 80,
};
/** How attention may read a cache. */
const CACHE_READS: readonly LibraryName[][] = [
  ["cache_quads_f16", "read_cache_quads", "cache_quads"],
  ["cache_quads_f32", "read_cache_quads", "cache_quads"],
  ["cache_f16", "read_cache_any"],
  ["cache_f32", "read_cache_any"],
];

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
    ...encoderVariants(reduce),
    ...mixerVariants(reduce),
    { kernel: "ssm_conv", libraries: ["pointwise"] },
    { kernel: "ssm_scan", libraries: ["pointwise", reduce, "scan_channel"] },
    ...samplingVariants(),
    { kernel: "ssm_scan_rows", libraries: ["pointwise", "scan_rows"] },
  ];
}

function encoderVariants(reduce: LibraryName): KernelChoice[] {
  return [
    ...INPUTS_A.map((a): KernelChoice => ({ kernel: "layer_norm", libraries: [a, reduce] })),
    ...[0, 1, 2].map((ACTIVATION): KernelChoice => ({
      kernel: "add_bias",
      libraries: ["pointwise"],
      constants: { ACTIVATION },
    })),
    { kernel: "gate_fusion" },
    { kernel: "clipped_steps", libraries: ["pointwise", reduce] },
    { kernel: "clipped_scan", libraries: ["pointwise"] },
  ];
}

function mixerVariants(reduce: LibraryName): KernelChoice[] {
  const floats = WEIGHT_DTYPES.filter((dtype) => !isQuantized(dtype));
  return [
    ...floats.flatMap((dtype) =>
      (["cache_quads_f32", "cache_quads_f16"] as const).map((quads): KernelChoice => ({
        kernel: "attend_and_project",
        libraries: attendAndProjectLibraries(quads, reduce, dtype),
        constants: ATTENTION,
      }))
    ),
    {
      kernel: "join_and_scan",
      libraries: ["joined_splits", "pointwise", reduce, "scan_channel"],
    },
  ];
}

function memoryVariants(): KernelChoice[] {
  return [
    { kernel: "advance_cursor" },
    { kernel: "copy" },
    { kernel: "copy_f16" },
    ...WEIGHT_DTYPES.map((dtype): KernelChoice => ({
      kernel: "embed",
      libraries: [`block_${dtype}`, "scale"],
    })),
  ];
}

function productVariants(reduce: LibraryName): KernelChoice[] {
  const products = PRECISIONS.flatMap((precision) => WEIGHT_DTYPES.map((dtype) => ({ dtype, precision })));
  return [
    ...[0, 1].map((ACCUMULATE): KernelChoice => ({ kernel: "add_parts", constants: { ACCUMULATE } })),
    { kernel: "round_activations", libraries: ["levels"] },
    ...WEIGHT_DTYPES.flatMap((dtype): KernelChoice[] => [
      ...[0, 1].flatMap((ACCUMULATE) =>
        TILES.map((tile): KernelChoice => ({
          kernel: "linear_tiled",
          libraries: [`block_${dtype}`, "scale", tile, "product_tile", "tile_sums"],
          constants: { ACCUMULATE },
        }))
      ),
      ...TILES.map((tile): KernelChoice => ({
        kernel: "gated_linear_tiled",
        libraries: [`block_${dtype}`, "scale", tile, "product_tile", "tile_sums", "pointwise"],
      })),
    ]),
    ...products.flatMap(({ dtype, precision }) => {
      const libraries = (product: "row_product" | "gated_products", operand: (typeof OPERANDS)[number]) =>
        productLibraries(product, operand, reduce, dtype, precision);
      return OPERANDS.flatMap((operand): KernelChoice[] => [
        ...[0, 1].map((ACCUMULATE): KernelChoice => ({
          kernel: "linear",
          libraries: libraries("row_product", operand),
          constants: { ACCUMULATE },
        })),
        {
          kernel: "project_and_convolve",
          libraries: [...libraries("row_product", operand), "pointwise"],
        },
        { kernel: "gated_linear", libraries: [...libraries("gated_products", operand), "pointwise"] },
      ]);
    }),
  ];
}

function samplingVariants(): KernelChoice[] {
  const selections = [0, 1].flatMap((MASS) => [24, 16, 8, 0].map((SHIFT) => ({ MASS, SHIFT })));
  return [
    ...[0, 1].map((on): KernelChoice => ({
      kernel: "sample_scale",
      libraries: ["ordered_key", "sample_control"],
      constants: { BIASED: on, PENALISED: on },
    })),
    ...selections.map((constants): KernelChoice => ({
      kernel: "sample_histogram",
      libraries: ["ordered_key", "sample_control"],
      constants,
    })),
    ...selections.map((constants): KernelChoice => ({
      kernel: "sample_select",
      libraries: ["u64", "sample_control"],
      constants,
    })),
    ...[0, 1].map((GREEDY): KernelChoice => ({
      kernel: "sample_draw",
      libraries: ["ordered_key", "u64", "philox", "better", "sample_control"],
      constants: { GREEDY },
    })),
    { kernel: "sample_accept", libraries: ["better", "sample_control"] },
  ];
}

function cacheVariants(): KernelChoice[] {
  return [
    ...CACHES.map((cache): KernelChoice => ({
      kernel: "rope_append",
      libraries: ["rotation", cache, "cache_slot"],
    })),
    ...CACHE_READS.map((reads): KernelChoice => ({
      kernel: "attention",
      libraries: [...reads, ...SPLIT_LIBRARIES],
      constants: ATTENTION,
    })),
    ...CACHE_READS.map((reads): KernelChoice => ({
      kernel: "attention_tiled",
      libraries: [...reads, "cache_slot", "visible_keys", "cache_place", "attention_block", "attention_sums"],
    })),
    { kernel: "attention_combine", libraries: ["joined_splits"] },
  ];
}
