/** @file The encoder's ops on a GPU: how their kernels are run. */
import type { WebGpuBackend } from "../backends/webgpu.ts";
import { type Gpu, reduceLibrary } from "../backends/webgpu/gpu.ts";
import type { OpDescriptor } from "../backends/webgpu/op_cache.ts";
import { scratchRows, separate } from "../backends/webgpu/ops/operand.ts";
import { sharesBuffer } from "../backends/webgpu/ops/shared_buffer.ts";
import { descriptor } from "../backends/webgpu/ops/table.ts";
import { place, places, regionOf } from "../backends/webgpu/region.ts";
import { plainOf } from "../backends/webgpu/weights.ts";
import { columnCount, rowCount, type Tensor } from "../tensor.ts";
import type {
  Activation,
  AddBiasArgs,
  ClippedScanArgs,
  EncoderOps,
  GateFusionArgs,
  LayerNormArgs,
} from "./encoder_ops.ts";

/** Invocations of a kernel in which each takes a column. */
const WORKGROUP_SIZE = 64;

type AddBias = Omit<AddBiasArgs, "activation">;

const LAYER_NORM = descriptor<LayerNormArgs>(layerNorm, {
  x: true,
  gamma: true,
  beta: true,
  eps: true,
  out: true,
});
const GATE_FUSION = descriptor<GateFusionArgs>(gateFusion, {
  gate: true,
  ssm: true,
  attention: true,
  x: true,
});
const CLIPPED_SCAN = descriptor<ClippedScanArgs>(clippedScan, {
  dt: true,
  dtBias: true,
  bc: true,
  x: true,
  z: true,
  ssmState: true,
  out: true,
});
/** By activation, in the numbers that add_bias.wgsl knows them by. */
const ADD_BIAS: Readonly<Record<Activation, OpDescriptor<AddBias>>> = {
  identity: addBias(0),
  gelu: addBias(1),
  sigmoid: addBias(2),
};

/** Ops on tensors of one WebGPU backend. */
export class WebGpuEncoderOps implements EncoderOps {
  readonly #backend: WebGpuBackend;

  constructor(backend: WebGpuBackend) {
    this.#backend = backend;
  }

  layerNorm(args: LayerNormArgs): void {
    if (rowCount(args.x) > 0) this.#backend.run(LAYER_NORM, args);
  }

  addBias({ activation, ...args }: AddBiasArgs): void {
    if (rowCount(args.x) > 0) this.#backend.run(ADD_BIAS[activation], args);
  }

  gateFusion(args: GateFusionArgs): void {
    if (rowCount(args.x) > 0) this.#backend.run(GATE_FUSION, args);
  }

  clippedScan(args: ClippedScanArgs): void {
    if (rowCount(args.x) > 0) this.#backend.run(CLIPPED_SCAN, args);
  }
}

/** A grid with an invocation for every element. */
function elementwise(tensor: Tensor): [number, number] {
  return [Math.ceil(columnCount(tensor) / WORKGROUP_SIZE), rowCount(tensor)];
}

function layerNorm(gpu: Gpu, { x, gamma, beta, eps, out }: LayerNormArgs): void {
  gpu.commands.run({
    kernel: "layer_norm",
    libraries: [sharesBuffer(x, out) ? "input_a_shared" : "input_a_separate", reduceLibrary(gpu)],
    resources: { a: regionOf(x), gamma: plainOf(gamma), beta: plainOf(beta), out: regionOf(out) },
    params: { columns: columnCount(x), ...places({ a: x, out }), eps },
    grid: [rowCount(x)],
  });
}

function addBias(ACTIVATION: number): OpDescriptor<AddBias> {
  const lower = (gpu: Gpu, { x, bias }: AddBias): void =>
    gpu.commands.run({
      kernel: "add_bias",
      libraries: ["pointwise"],
      constants: { WORKGROUP_SIZE, ACTIVATION },
      resources: { x: regionOf(x), bias: plainOf(bias) },
      params: { columns: columnCount(x), ...place("x", x) },
      grid: elementwise(x),
    });
  return descriptor(lower, { x: true, bias: true });
}

function gateFusion(gpu: Gpu, { x, ...args }: GateFusionArgs): void {
  const gate = separate(gpu, "gate", args.gate, x);
  const ssm = separate(gpu, "ssm", args.ssm, x);
  const attention = separate(gpu, "attention", args.attention, x);
  gpu.commands.run({
    kernel: "gate_fusion",
    constants: { WORKGROUP_SIZE },
    resources: { gate: regionOf(gate), ssm: regionOf(ssm), attention: regionOf(attention), x: regionOf(x) },
    params: { columns: columnCount(x), ...places({ gate, ssm, attention, x }) },
    grid: elementwise(x),
  });
}

function clippedScan(gpu: Gpu, { dt, dtBias, ssmState, out, ...args }: ClippedScanArgs): void {
  const [l, dInner] = [rowCount(dt), columnCount(dt)];
  const means = regionOf(scratchRows(gpu, "means of step sizes", l, 1));
  gpu.commands.run({
    kernel: "clipped_steps",
    libraries: ["pointwise", reduceLibrary(gpu)],
    resources: { dt: regionOf(dt), dtBias: plainOf(dtBias), means },
    params: { dInner, ...place("dt", dt) },
    grid: [l],
  });
  const delta = separate(gpu, "delta", dt, out);
  const bc = separate(gpu, "bc", args.bc, out);
  const x = separate(gpu, "x", args.x, out);
  const z = separate(gpu, "z", args.z, out);
  gpu.commands.run({
    kernel: "clipped_scan",
    libraries: ["pointwise"],
    constants: { WORKGROUP_SIZE },
    resources: {
      delta: regionOf(delta),
      means,
      bc: regionOf(bc),
      x: regionOf(x),
      z: regionOf(z),
      state: regionOf(ssmState),
      out: regionOf(out),
    },
    params: { l, dInner, dState: rowCount(ssmState), ...places({ delta, bc, x, z, state: ssmState, out }) },
    grid: [Math.ceil(dInner / WORKGROUP_SIZE)],
  });
}
