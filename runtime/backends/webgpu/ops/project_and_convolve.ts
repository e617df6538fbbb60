/** @file Lowers a mixer's in_proj with the convolution of its output u, for one row. */
import type { MixerOps } from "../../../mixer_ops.ts";
import { columnCount } from "../../../tensor.ts";
import { type Gpu, reduceLibrary } from "../gpu.ts";
import { regionOf } from "../region.ts";
import { weightVector } from "../vector_packs.ts";
import { matrixOf } from "../weights.ts";
import { matVecShape } from "./mat_vec_shape.ts";
import { multiplicand, productLibraries } from "./operand.ts";

/** One dispatch for each part of in_proj. */
export function projectAndConvolve(gpu: Gpu, { inProj, ssmConv }: MixerOps): void {
  const { x, norm, weight, out } = inProj;
  const { dtype } = weight;
  const { parts, rowBlocks } = matrixOf(weight);
  const operand = multiplicand(gpu, x, norm, weight, out);
  for (const { firstRow, rows, blocks, scales } of parts) {
    const shape = matVecShape(gpu, { dtype, rowBlocks, rows, matrices: 1 });
    gpu.commands.run({
      kernel: "project_and_convolve",
      libraries: [
        ...productLibraries("row_product", operand.library, reduceLibrary(gpu), dtype, gpu.activations),
        "pointwise",
      ],
      constants: shape,
      resources: {
        weights: blocks,
        scales,
        ...operand.resources,
        convVectors: gpu.vectorPacks.get([ssmConv.weight, ssmConv.bias].map(weightVector)),
        convState: regionOf(ssmConv.convState),
        out: regionOf(out),
        convolved: regionOf(ssmConv.out),
      },
      params: {
        rows,
        blocks: rowBlocks,
        ...operand.params,
        outOffset: out.offset + firstRow,
        uStart: ssmConv.x.offset,
        dInner: columnCount(ssmConv.x),
        stateOffset: ssmConv.convState.offset,
        stateStride: ssmConv.convState.stride,
        convolvedOffset: ssmConv.out.offset,
      },
      grid: [Math.ceil(rows / shape.ROWS)],
    });
  }
}
