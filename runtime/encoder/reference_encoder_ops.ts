/** @file The encoder's ops on the reference backend: what they mean, in float64. */
import { dot, gelu, sigmoid, silu, softplus } from "../backends/reference_math.ts";
import { row, weightValues } from "../backends/reference_tensors.ts";
import { rowCount } from "../tensor.ts";
import type {
  Activation,
  AddBiasArgs,
  ClippedScanArgs,
  EncoderOps,
  GateFusionArgs,
  LayerNormArgs,
} from "./encoder_ops.ts";

const ACTIVATIONS: Readonly<Record<Activation, (x: number) => number>> = {
  identity: (x) => x,
  gelu,
  sigmoid,
};

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The definition of every op of the encoder. */
export class ReferenceEncoderOps implements EncoderOps {
  layerNorm({ x, gamma, beta, eps, out }: LayerNormArgs): void {
    for (let t = 0; t < rowCount(x); t++) {
      const centre = mean(row(x, t));
      const centred = row(x, t).map((value) => value - centre);
      const scale = 1 / Math.sqrt(dot(centred, centred) / centred.length + eps);
      row(out, t).set(
        centred.map((value, i) => weightValues(gamma)[i] * value * scale + weightValues(beta)[i]),
      );
    }
  }

  addBias({ x, bias, activation }: AddBiasArgs): void {
    const activate = ACTIVATIONS[activation];
    for (let t = 0; t < rowCount(x); t++) {
      const values = row(x, t);
      values.forEach((value, i) => values[i] = activate(value + weightValues(bias)[i]));
    }
  }

  gateFusion({ gate, ssm, attention, x }: GateFusionArgs): void {
    for (let t = 0; t < rowCount(x); t++) {
      const [g, s, a, to] = [gate, ssm, attention, x].map((tensor) => row(tensor, t));
      g.forEach((share, i) => to[i] += share * s[i] + (1 - share) * a[i]);
    }
  }

  clippedScan({ dt, dtBias, bc, x, z, ssmState, out }: ClippedScanArgs): void {
    const stateSize = rowCount(ssmState);
    const bias = weightValues(dtBias);
    for (let t = 0; t < rowCount(x); t++) {
      const delta = row(dt, t);
      delta.forEach((value, c) => delta[c] = Math.min(0.1, Math.max(0.001, softplus(value + bias[c]))));
      const step = mean(delta);
      const [B, C] = [row(bc, t).subarray(0, stateSize), row(bc, t).subarray(stateSize)];
      row(x, t).forEach((xt, c) => {
        let y = 0;
        for (let n = 0; n < stateSize; n++) {
          const h = row(ssmState, n);
          h[c] = Math.exp(-(n + 1) * delta[c]) * h[c] + step * B[n] * xt;
          y += C[n] * h[c];
        }
        row(out, t)[c] = y * silu(row(z, t)[c]);
      });
    }
  }
}
