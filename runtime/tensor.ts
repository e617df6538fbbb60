/** @file Tensors as the model sees them: an opaque buffer with a shape, a dtype and a row stride. No data access. */

/** Storage types of weights. Blocks of q8_0, iq4_nl and q4_0 are laid out exactly as ggml defines them. */
export type WeightDtype = "f32" | "f16" | "bf16" | "q8_0" | "iq4_nl" | "q4_0";

/** Those of integers with a scale for each block. */
export type QuantizedDtype = Extract<WeightDtype, "q8_0" | "iq4_nl" | "q4_0">;

/** Every quantised dtype, the most exact first. */
export const QUANTIZED_DTYPES: readonly QuantizedDtype[] = ["q8_0", "iq4_nl", "q4_0"];

/** Every storage type of weights, the most exact first. */
export const WEIGHT_DTYPES: readonly WeightDtype[] = ["f32", "f16", "bf16", ...QUANTIZED_DTYPES];

/** Storage types of every tensor: weights, activations and state (f32, f16), token ids (u32). */
export type Dtype = WeightDtype | "u32";

/** Elements per block of a dtype: the last dimension must be a multiple of it. */
export const BLOCK_SIZE: Readonly<Record<Dtype, number>> = {
  f32: 1,
  f16: 1,
  bf16: 1,
  q8_0: 32,
  iq4_nl: 32,
  q4_0: 32,
  u32: 1,
};

/** Bytes per block of a dtype. */
export const BLOCK_BYTES: Readonly<Record<Dtype, number>> = {
  f32: 4,
  f16: 2,
  bf16: 2,
  q8_0: 34,
  iq4_nl: 18,
  q4_0: 18,
  u32: 4,
};

/** Whether weights of a dtype are integers with scales, and products with them take integer activations. */
export function isQuantized(dtype: Dtype): dtype is QuantizedDtype {
  return BLOCK_SIZE[dtype] > 1;
}

/** Bytes that `elements` elements of `dtype` take; `elements` is a multiple of the block size. */
export function byteLength(dtype: Dtype, elements: number): number {
  return (elements / BLOCK_SIZE[dtype]) * BLOCK_BYTES[dtype];
}

/** Product of a shape's dimensions: the number of elements. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A matrix, or a vector as a matrix of one row, in a backend's memory. Views share the buffer. */
export interface Tensor {
  /** The backend's own handle; nobody else looks inside. */
  readonly buffer: unknown;
  readonly dtype: Dtype;
  /** `[rows, columns]`, or `[columns]`. */
  readonly shape: readonly number[];
  /** First element, counted in elements from the buffer's start. */
  readonly offset: number;
  /** Elements from one row's start to the next row's. */
  readonly stride: number;
}

/** Number of rows: 1 for a vector. */
export function rowCount(tensor: Tensor): number {
  return tensor.shape.length === 1 ? 1 : tensor.shape[0];
}

/** Number of columns: the last dimension. */
export function columnCount(tensor: Tensor): number {
  return tensor.shape[tensor.shape.length - 1];
}

/** View of rows `start .. start + count` of a matrix. */
export function rows(tensor: Tensor, start: number, count: number): Tensor {
  return { ...tensor, shape: [count, columnCount(tensor)], offset: tensor.offset + start * tensor.stride };
}

/** View of columns `start .. start + count` of every row of a matrix. */
export function columns(tensor: Tensor, start: number, count: number): Tensor {
  return { ...tensor, shape: [rowCount(tensor), count], offset: tensor.offset + start };
}
