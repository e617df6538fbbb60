/**
 * @file What the encoder needs beyond {@linkcode Backend}: four ops that the language model has no use for. The rules are those of
 * ../backend.ts; `reference_encoder_ops.ts` defines what each op computes.
 */
import type { Backend, Weight } from "../backend.ts";
import type { BackendReport } from "../backend_report.ts";
import type { Tensor } from "../tensor.ts";

/**
 * `out = gamma * (x - mean(x)) / sqrt(variance(x) + eps) + beta` for each row, the variance being the mean square of x - mean(x)
 * (arXiv:1607.06450). x, out `[l, n]`; gamma, beta `[n]`.
 */
export interface LayerNormArgs {
  readonly x: Tensor;
  readonly gamma: Weight;
  readonly beta: Weight;
  readonly eps: number;
  readonly out: Tensor;
}

/** `gelu` is the exact one, `x (1 + erf(x / sqrt 2)) / 2` (arXiv:1606.08415). */
export type Activation = "identity" | "gelu" | "sigmoid";

/** `x = activation(x + bias)` for each row, in place: what follows the product in a dense layer. x `[l, n]`, bias `[n]`. */
export interface AddBiasArgs {
  readonly x: Tensor;
  readonly bias: Weight;
  readonly activation: Activation;
}

/** `x = x + gate * ssm + (1 - gate) * attention`, elementwise, in place; all `[l, n]`. */
export interface GateFusionArgs {
  readonly gate: Tensor;
  readonly ssm: Tensor;
  readonly attention: Tensor;
  readonly x: Tensor;
}

/**
 * Selective scan of Edifice's encoder: A is -1, -2, ..., -stateSize for every channel, step sizes are clipped, B is scaled by their
 * mean over the channels, and there is no skip connection. For each row t:
 *
 *     delta = clip(softplus(dt[t] + dtBias), 0.001, 0.1)
 *     h[n]  = exp(-(n + 1) delta) * h[n] + mean(delta) * B[t][n] * x[t]
 *     out   = (sum over n of C[t][n] * h[n]) * silu(z[t])
 *
 * dt `[l, dInner]`, overwritten with delta; bc `[l, 2 stateSize]`, B before C; x, z, out `[l, dInner]`; dtBias `[dInner]`;
 * ssmState `[stateSize, dInner]`, updated.
 */
export interface ClippedScanArgs {
  readonly dt: Tensor;
  readonly dtBias: Weight;
  readonly bc: Tensor;
  readonly x: Tensor;
  readonly z: Tensor;
  readonly ssmState: Tensor;
  readonly out: Tensor;
}

/** The four ops. */
export interface EncoderOps {
  layerNorm(args: LayerNormArgs): void;
  addBias(args: AddBiasArgs): void;
  gateFusion(args: GateFusionArgs): void;
  clippedScan(args: ClippedScanArgs): void;
}

/** A backend and the ops of the encoder on its tensors. */
export interface EncoderBackend {
  readonly backend: Backend;
  readonly ops: EncoderOps;
  readonly report: BackendReport;
}
