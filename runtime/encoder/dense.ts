/** @file A dense layer, as Axon has it: a product, a bias, an activation. */
import type { Weight } from "../backend.ts";
import type { Tensor } from "../tensor.ts";
import type { Activation, EncoderBackend } from "./encoder_ops.ts";
import type { Affine } from "./encoder_tensors.ts";

/** Options of {@linkcode dense}. */
export interface DenseOptions {
  readonly activation?: Activation;
  /** Add to what `out` holds. */
  readonly accumulate?: boolean;
}

/** `out = activation(x kernel + bias (+ out, if accumulate))`. x `[l, inputs]`, out `[l, outputs]`. */
export function dense(
  { backend, ops }: Pick<EncoderBackend, "backend" | "ops">,
  x: Tensor,
  { kernel, bias }: Affine<Weight>,
  out: Tensor,
  { activation = "identity", accumulate = false }: DenseOptions = {},
): void {
  backend.linear({ x, weight: kernel, out, accumulate });
  ops.addBias({ x: out, bias, activation });
}
