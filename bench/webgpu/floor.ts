/** @file What no decode step can be faster than: the bytes that it must read, at the rate at which a product reads a large matrix. */
import type { Weight } from "../../runtime/backend.ts";
import { openWebGpuBackend, type WebGpuOptions } from "../../runtime/backends/webgpu.ts";
import type { Network } from "../../runtime/network.ts";
import { Stopwatch } from "./timing.ts";

const COLUMNS = 2048;

/** Bytes a second at which one row of activations meets an f16 matrix of `bytes` bytes, many times what caches hold. */
export async function readRate(options: WebGpuOptions, bytes: number): Promise<number> {
  const backend = await openWebGpuBackend(options);
  const rows = bytes / 2 / COLUMNS;
  const numbers = Uint16Array.from(
    { length: bytes / 2 },
    (_, i) => 0x2c00 + (Math.imul(i, 2654435761) >>> 22),
  );
  const weight = backend.upload("matrix", "f16", [rows, COLUMNS], new Uint8Array(numbers.buffer));
  const [x, out] = [COLUMNS, rows].map((width) => backend.allocate([1, width], "f32"));
  const { total } = await new Stopwatch(backend).measure((products) => {
    for (let i = 0; i < products; i++) backend.linear({ x, weight, out });
  }, 8);
  backend.dispose();
  return bytes / (total / 1000);
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
