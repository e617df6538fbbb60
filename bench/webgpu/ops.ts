/** @file Timings of single ops at decode shapes, each over the layers' own weights in turn, so that caches do not flatter. */
import type { Weight } from "../../runtime/backend.ts";
import type { WebGpuBackend } from "../../runtime/backends/webgpu.ts";
import type { Network } from "../../runtime/network.ts";
import type { SequenceState } from "../../runtime/state.ts";
import { columns, rows, type Tensor } from "../../runtime/tensor.ts";
import { stateAt } from "./model.ts";
import type { Stopwatch } from "./timing.ts";

/** One op. */
export interface OpTiming {
  readonly op: string;
  /** Microseconds of the GPU's a call, one after the other: the ops of a layer in turn take longer. */
  readonly microseconds: number;
  /** JavaScript's microseconds. */
  readonly encode: number;
  /** Kernels a call. */
  readonly dispatches: number;
  /** Bytes of weights a call reads, over the time. */
  readonly gigabytesPerSecond: number;
}

interface OpCase {
  readonly op: string;
  readonly weightBytes?: number;
  readonly run: (layer: number) => void;
}

/** Where the ops of a decode step read and write: first rows of the workspace. */
interface Rows {
  readonly x: Tensor;
  readonly h: Tensor;
  readonly projected: Tensor;
  readonly attention: Tensor;
  readonly conv: Tensor;
  readonly dtBC: Tensor;
  readonly ssm: Tensor;
  readonly mlp: Tensor;
  readonly logits: Tensor;
  readonly z: Tensor;
  readonly u: Tensor;
}

function rowsOf({ workspace, config: { dInner } }: Network): Rows {
  const first = (tensor: Tensor): Tensor => rows(tensor, 0, 1);
  const { x, h, attention, conv, dtBC, ssm, mlp, logits } = workspace;
  const projected = first(workspace.projected);
  const end = projected.shape[1];
  return {
    ...{ x: first(x), h: first(h), attention: first(attention), conv: first(conv), dtBC: first(dtBC) },
    ...{ ssm: first(ssm), mlp: first(mlp), logits: first(logits), projected },
    ...{ u: columns(projected, end - 2 * dInner, dInner), z: columns(projected, end - dInner, dInner) },
  };
}

function productCases(
  { backend, weights: { layers, embedding, head }, workspace }: Network,
  at: Rows,
): OpCase[] {
  const ids = { ...workspace.ids, shape: [1] };
  const linear = (
    op: string,
    x: Tensor,
    out: Tensor,
    weight: (layer: number) => Weight,
    accumulate = false,
  ): OpCase => ({
    op: `linear ${op}`,
    weightBytes: weight(0).byteLength,
    run: (i) =>
      backend.linear({ x, weight: weight(i), out: columns(out, 0, weight(i).shape[0]), accumulate }),
  });
  return [
    { op: "embed", run: () => backend.embed({ ids, table: embedding, out: at.x }) },
    linear("in_proj", at.h, at.projected, (i) => layers[i].inProj),
    linear("x_proj", at.conv, at.dtBC, (i) => layers[i].ssm.xProj),
    linear("out_proj", at.attention, at.x, (i) => layers[i].outProj, true),
    {
      op: "gatedLinear",
      weightBytes: 2 * layers[0].gateProj.byteLength,
      run: (i) =>
        backend.gatedLinear({ x: at.h, gate: layers[i].gateProj, up: layers[i].upProj, out: at.mlp }),
    },
    linear("down", at.mlp, at.x, (i) => layers[i].downProj, true),
    linear("head", at.h, at.logits, () => head),
  ];
}

function attentionCases(net: Network, at: Rows, state: SequenceState): OpCase[] {
  const { backend, rope, config: { numHeads, numKvHeads, headDim, vHeadDim, layers, windowSize } } = net;
  const { caches, cursor } = state;
  const [queryWidth, keyWidth] = [numHeads * headDim, numKvHeads * headDim];
  const queries = columns(at.projected, 0, queryWidth);
  const keys = columns(at.projected, queryWidth, keyWidth);
  const values = columns(at.projected, queryWidth + keyWidth, numKvHeads * vHeadDim);
  const rotated = rows(net.workspace.queries, 0, 1);
  const shared = { queries: rotated, cursor, numHeads, numKvHeads, out: at.attention };
  const window = layers.findIndex(({ attention }) => attention === "window");
  return [
    {
      op: "ropeAppend",
      run: (i) =>
        backend.ropeAppend({
          queries,
          out: rotated,
          rope,
          cursor,
          append: { keys, values, cache: caches[i] },
        }),
    },
    {
      op: "attention window",
      run: () => backend.attention({ ...shared, cache: caches[window], lookback: windowSize - 1 }),
    },
    { op: "attention global", run: () => backend.attention({ ...shared, cache: caches[0], lookback: null }) },
  ];
}

function otherCases(
  { backend, weights: { layers }, config }: Network,
  at: Rows,
  state: SequenceState,
): OpCase[] {
  const { rmsNormEps: eps } = config;
  return [
    { op: "rmsNorm", run: (i) => backend.rmsNorm({ x: at.x, weight: layers[i].inputNorm, eps, out: at.h }) },
    {
      op: "ssmConv",
      run: (i) => {
        const { convWeight: weight, convBias: bias } = layers[i].ssm;
        backend.ssmConv({ x: at.u, weight, bias, convState: state.convStates[i], out: at.conv });
      },
    },
    {
      op: "ssmScan",
      run: (i) => {
        const { convWeight: _weight, convBias: _bias, xProj: _xProj, ...weights } = layers[i].ssm;
        const ssmState = state.ssmStates[i];
        backend.ssmScan({ dtBC: at.dtBC, x: at.conv, z: at.z, ...weights, eps, ssmState, out: at.ssm });
      },
    },
    {
      op: "headFusion",
      run: (i) => {
        const { attentionNorm, ssmNorm } = layers[i];
        const { attention, ssm } = at;
        backend.headFusion({ attention, ssm, attentionNorm, ssmNorm, eps, out: attention });
      },
    },
  ];
}

/** Every op of a decode step at `position`. */
export async function timeOps(
  net: Network,
  backend: WebGpuBackend,
  stopwatch: Stopwatch,
  position: number,
): Promise<OpTiming[]> {
  const found: OpTiming[] = [];
  const state = stateAt(net, position);
  const at = rowsOf(net);
  const cases = [...productCases(net, at), ...attentionCases(net, at, state), ...otherCases(net, at, state)];
  for (const { op, weightBytes = 0, run } of cases) {
    run(0);
    const before = backend.dispatches;
    run(0);
    const dispatches = backend.dispatches - before;
    const { total, encode } = await stopwatch.measure((calls) => {
      for (let i = 0; i < calls; i++) run(i % net.config.layers.length);
    }, 256);
    const microseconds = 1000 * (total - encode);
    found.push({
      op,
      microseconds,
      encode: 1000 * encode,
      dispatches,
      gigabytesPerSecond: weightBytes / microseconds / 1000,
    });
  }
  return found;
}
