/** @file Writer of small safetensors files, in memory. */

import type { WeightDtype } from "../tensor.ts";

/** A tensor to write: little-endian data of exactly the shape's size. */
export interface SafetensorsEntry {
  readonly dtype: Extract<WeightDtype, "f32" | "f16" | "bf16">;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Makes a safetensors file of the tensors, data in the map's order and aligned to 8 bytes behind the header.
 *
 * @param metadata free text for `__metadata__`
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const header: [string, unknown][] = metadata ? [["__metadata__", metadata]] : [];
  let end = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    header.push([name, { dtype: dtype.toUpperCase(), shape, data_offsets: [end, end + data.length] }]);
    end += data.length;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const length = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.fill(0x20, 8, 8 + length); // the format pads its header with spaces
  file.set(json, 8);
  let at = 8 + length;
  for (const { data } of tensors.values()) {
    file.set(data, at);
    at += data.length;
  }
  return file;
}
