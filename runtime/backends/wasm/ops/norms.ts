/** @file rmsNorm and headFusion: their arguments as numbers. */
import type { WasmExports } from "../../../../wasm/pkg/exports.ts";
import type { HeadFusionArgs, RmsNormArgs } from "../../../backend.ts";
import { columnCount, rowCount } from "../../../tensor.ts";
import { pointerTo } from "../tensors.ts";
import { weightPointer } from "../weights.ts";

/** See {@linkcode Backend.rmsNorm}. */
export function rmsNorm(kernels: WasmExports, { x, weight, eps, out }: RmsNormArgs): void {
  kernels.rms_norm(
    pointerTo(x),
    x.stride,
    weightPointer(weight),
    eps,
    pointerTo(out),
    out.stride,
    rowCount(out),
    columnCount(out),
  );
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
