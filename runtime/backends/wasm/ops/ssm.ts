/** @file ssmConv and ssmScan: their arguments as numbers. */
import type { WasmExports } from "../../../../wasm/pkg/exports.ts";
import type { SsmConvArgs, SsmScanArgs } from "../../../backend.ts";
import { rowCount } from "../../../tensor.ts";
import { pointerTo } from "../tensors.ts";
import { weightPointer } from "../weights.ts";

/** See {@linkcode Backend.ssmConv}. */
export function ssmConv(kernels: WasmExports, { x, weight, bias, convState, out }: SsmConvArgs): void {
  const [dInner, dConv] = weight.shape;
  kernels.ssm_conv(
    pointerTo(x),
    x.stride,
    weightPointer(weight),
    weightPointer(bias),
    pointerTo(convState),
    convState.stride,
    pointerTo(out),
    out.stride,
    rowCount(x),
    dInner,
    dConv,
  );
}

/** See {@linkcode Backend.ssmScan}. */
export function ssmScan(kernels: WasmExports, args: SsmScanArgs): void {
  const { dtBC, x, z, dtNorm, bNorm, cNorm, eps, dtProj, dtBias, A, D, ssmState, out } = args;
  const [dInner, dtRank] = dtProj.shape;
  kernels.ssm_scan(
    pointerTo(dtBC),
    dtBC.stride,
    pointerTo(x),
    x.stride,
    pointerTo(z),
    z.stride,
    weightPointer(dtNorm),
    weightPointer(bNorm),
    weightPointer(cNorm),
    eps,
    weightPointer(dtProj),
    dtProj.dtype === "bf16",
    weightPointer(dtBias),
    weightPointer(A),
    weightPointer(D),
    pointerTo(ssmState),
    ssmState.stride,
    pointerTo(out),
    out.stride,
    rowCount(x),
    dInner,
    dtRank,
    A.shape[1],
  );
}
