/** @file Lowers `rmsNorm` and `headFusion`: one workgroup a row. */
import type { HeadFusionArgs, RmsNormArgs } from "../../../backend.ts";
import { columnCount, rowCount } from "../../../tensor.ts";
import { type Gpu, reduceLibrary } from "../gpu.ts";
import { place, regionOf } from "../region.ts";
import { plainOf } from "../weights.ts";
import { sharesBuffer } from "./shared_buffer.ts";

/** See {@linkcode RmsNormArgs}. */
export function rmsNorm(gpu: Gpu, { x, weight, eps, out }: RmsNormArgs): void {
  gpu.commands.run({
    kernel: "rms_norm",
    libraries: [
      sharesBuffer(x, out) ? "input_a_shared" : "input_a_separate",
      reduceLibrary(gpu),
    ],
    resources: { a: regionOf(x), weight: plainOf(weight), out: regionOf(out) },
    params: { columns: columnCount(x), ...place("a", x), ...place("out", out), eps },
    grid: [rowCount(x)],
  });
}

/** See {@linkcode HeadFusionArgs}. */
export function headFusion(gpu: Gpu, args: HeadFusionArgs): void {
  const { attention, ssm, attentionNorm, ssmNorm, eps, out } = args;
  gpu.commands.run({
    kernel: "head_fusion",
    libraries: [
      sharesBuffer(attention, out) ? "input_a_shared" : "input_a_separate",
      sharesBuffer(ssm, out) ? "input_b_shared" : "input_b_separate",
      reduceLibrary(gpu),
    ],
    resources: {
      a: regionOf(attention),
      b: regionOf(ssm),
      attentionNorm: plainOf(attentionNorm),
      ssmNorm: plainOf(ssmNorm),
      out: regionOf(out),
    },
    params: {
      columns: columnCount(out),
      ...place("a", attention),
      ...place("b", ssm),
      ...place("out", out),
      eps,
    },
    grid: [rowCount(out)],
  });
}
