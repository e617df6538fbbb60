/** @file rmsNorm and headFusion: their arguments as numbers. */
import type { WasmExports } from "../../../../wasm/pkg/exports.ts";
import type { HeadFusionArgs, InputNorm, RmsNormArgs } from "../../../backend.ts";
import { columnCount, rowCount, type Tensor } from "../../../tensor.ts";
import { pointerTo } from "../tensors.ts";
import { weightPointer } from "../weights.ts";

/** See {@linkcode Backend.rmsNorm}. */
export function rmsNorm(kernels: WasmExports, { x, weight, eps, out }: RmsNormArgs): void {
  normRows(kernels, x, { weight, eps }, pointerTo(out), out.stride);
}

/** Writes the rows of x, normed, to an address. */
export function normRows(
  kernels: WasmExports,
  x: Tensor,
  { weight, eps }: InputNorm,
  pointer: number,
  stride: number,
): void {
  const [from, l, columns] = [pointerTo(x), rowCount(x), columnCount(x)];
  kernels.rms_norm(from, x.stride, weightPointer(weight), eps, pointer, stride, l, columns);
}

/** See {@linkcode Backend.headFusion}. */
export function headFusion(kernels: WasmExports, args: HeadFusionArgs): void {
  const { attention, ssm, attentionNorm, ssmNorm, eps, out } = args;
  kernels.head_fusion(
    pointerTo(attention),
    attention.stride,
    weightPointer(attentionNorm),
    pointerTo(ssm),
    ssm.stride,
    weightPointer(ssmNorm),
    eps,
    pointerTo(out),
    out.stride,
    rowCount(out),
    columnCount(out),
  );
}
