/** @file What no decode step can be faster than: the bytes that it must read, at the rate at which the GPU copies memory. */
import { openWebGpuBackend, type WebGpuOptions } from "../../runtime/backends/webgpu.ts";
import type { Weight } from "../../runtime/backend.ts";
import type { Network } from "../../runtime/network.ts";
import { columns } from "../../runtime/tensor.ts";
import { Stopwatch } from "./timing.ts";

/** Elements of a row, of which the last is left out: what is not packed is copied by a kernel, faster than by WebGPU's own copy. */
const COLUMNS = 8192;

/** Bytes a second, read and written ones added up, of copies of `bytes` bytes on a GPU. */
export async function copyRate(options: WebGpuOptions, bytes: number): Promise<number> {
  const backend = await openWebGpuBackend(options);
  const [from, to] = [0, 1].map(() =>
    columns(backend.allocate([bytes / 4 / COLUMNS, COLUMNS], "f32"), 0, COLUMNS - 1)
  );
  const { total } = await new Stopwatch(backend).measure((copies) => {
    for (let i = 0; i < copies; i++) backend.copy(from, to);
  }, 4);
  backend.dispose();
  return 2 * bytes / (total / 1000);
}

/** A decode step's bytes at `position`, and the milliseconds that they take. Of the embedding a step reads one row, unless it is the head. */
export function floorOf(
  { weights, config }: Network,
  position: number,
  bytesPerSecond: number,
): { weightBytes: number; stateBytes: number; milliseconds: number } {
  const { head, finalNorm, layers } = weights;
  const ofLayer = ({ ssm, ...others }: typeof layers[number]): number =>
    [...Object.values(ssm), ...Object.values(others)].reduce(
      (sum, { byteLength }: Weight) => sum + byteLength,
      0,
    );
  const weightBytes = layers.reduce(
    (sum, layer) => sum + ofLayer(layer),
    head.byteLength + finalNorm.byteLength,
  );
  const { numKvHeads, headDim, vHeadDim, dInner, dState, dConv, numMetaTokens, windowSize } = config;
  const stateBytes = config.layers.reduce((sum, { attention }) => {
    const keys = attention === "global" ? position : Math.min(position, numMetaTokens + windowSize);
    return sum + 2 * keys * numKvHeads * (headDim + vHeadDim) + 8 * dInner * (dState + dConv - 1);
  }, 0);
  return { weightBytes, stateBytes, milliseconds: 1000 * (weightBytes + stateBytes) / bytesPerSecond };
}
