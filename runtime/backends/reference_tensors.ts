/** @file Rows of the reference backend's tensors and values of its weights, for ops. */
import type { Weight } from "../backend.ts";
import { columnCount, type Tensor } from "../tensor.ts";

/** A view of one row. */
export function row(tensor: Tensor, index: number): Float64Array {
  const start = tensor.offset + index * tensor.stride;
  return (tensor.buffer as Float64Array).subarray(start, start + columnCount(tensor));
}

/** Every value, row-major. */
export function weightValues(weight: Weight): Float32Array {
  return weight.data as Float32Array;
}
