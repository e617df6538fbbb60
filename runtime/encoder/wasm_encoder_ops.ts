/** @file The encoder's ops in WebAssembly: their arguments as numbers. */
import type { WasmExports } from "../../wasm/pkg/exports.ts";
import { pointerTo } from "../backends/wasm/tensors.ts";
import { weightPointer } from "../backends/wasm/weights.ts";
import { columnCount, rowCount } from "../tensor.ts";
import type {
  Activation,
  AddBiasArgs,
  ClippedScanArgs,
  EncoderOps,
  GateFusionArgs,
  LayerNormArgs,
} from "./encoder_ops.ts";

/** The numbers that `add_bias` knows activations by. */
const ACTIVATION_NUMBER: Readonly<Record<Activation, number>> = { identity: 0, gelu: 1, sigmoid: 2 };

/** Ops on tensors of the WASM backend with the same kernels. */
export class WasmEncoderOps implements EncoderOps {
  readonly #kernels: WasmExports;

  constructor(kernels: WasmExports) {
    this.#kernels = kernels;
  }

  layerNorm({ x, gamma, beta, eps, out }: LayerNormArgs): void {
    this.#kernels.layer_norm(
      pointerTo(x),
      x.stride,
      weightPointer(gamma),
      weightPointer(beta),
      eps,
      pointerTo(out),
      out.stride,
      rowCount(x),
      columnCount(x),
    );
  }

  addBias({ x, bias, activation }: AddBiasArgs): void {
    const [l, n] = [rowCount(x), columnCount(x)];
    this.#kernels.add_bias(pointerTo(x), x.stride, weightPointer(bias), ACTIVATION_NUMBER[activation], l, n);
  }

  gateFusion({ gate, ssm, attention, x }: GateFusionArgs): void {
    this.#kernels.gate_fusion(
      pointerTo(gate),
      gate.stride,
      pointerTo(ssm),
      ssm.stride,
      pointerTo(attention),
      attention.stride,
      pointerTo(x),
      x.stride,
      rowCount(x),
      columnCount(x),
    );
  }

  clippedScan({ dt, dtBias, bc, x, z, ssmState, out }: ClippedScanArgs): void {
    this.#kernels.clipped_scan(
      pointerTo(dt),
      dt.stride,
      weightPointer(dtBias),
      pointerTo(bc),
      bc.stride,
      pointerTo(x),
      x.stride,
      pointerTo(z),
      z.stride,
      pointerTo(ssmState),
      ssmState.stride,
      pointerTo(out),
      out.stride,
      rowCount(x),
      columnCount(x),
      rowCount(ssmState),
    );
  }
}
