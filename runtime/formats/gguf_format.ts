/**
 * @file What GGUF version 3 is made of: the numbers and types that reader and writer share. Source: ggml, docs/gguf.md and
 * gguf.cpp. File: magic, version, tensor count, metadata count, metadata, tensor infos, padding, tensor data (padded each).
 */

import type { WeightDtype } from "../tensor.ts";

/** "GGUF" as a little-endian number. */
export const GGUF_MAGIC = 0x46554747;
/** The version this runtime reads and writes. */
export const GGUF_VERSION = 3;
/** Metadata key of the alignment of tensor data, in bytes. */
export const ALIGNMENT_KEY = "general.alignment";
/** Alignment of a file that does not say. */
export const DEFAULT_ALIGNMENT = 32;
/** ggml's GGML_MAX_NAME - 1: bytes of a tensor's name. */
export const MAX_NAME_BYTES = 63;
/** The specification's limit on a metadata key, in bytes. */
export const MAX_KEY_BYTES = 65535;
/** ggml's GGML_MAX_DIMS. */
export const MAX_DIMENSIONS = 4;

/** ggml's number for each storage dtype. */
export const GGML_TYPE: Readonly<Record<WeightDtype, number>> = {
  f32: 0,
  f16: 1,
  q4_0: 2,
  q8_0: 8,
  iq4_nl: 20,
  bf16: 30,
};

/** llama.cpp's number for a file whose matrices mostly have this dtype (`general.file_type`). */
export const FILE_TYPE: Readonly<Record<WeightDtype, number>> = {
  f32: 0,
  f16: 1,
  q4_0: 2,
  q8_0: 7,
  iq4_nl: 25,
  bf16: 32,
};

/** Metadata values that are numbers of at most 32 bits, or doubles. */
export type GgufNumberType = "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "f32" | "f64";

/** One metadata value with its type. Arrays of numbers are typed arrays; booleans in arrays are bytes 0 and 1. */
export type GgufValue =
  | { readonly type: GgufNumberType; readonly value: number }
  | { readonly type: "u64" | "i64"; readonly value: bigint }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "array"; readonly element: "string"; readonly value: readonly string[] }
  | { readonly type: "array"; readonly element: GgufFixedType; readonly value: GgufNumbers };

/** Metadata types whose values all take the same number of bytes. */
export type GgufFixedType = GgufNumberType | "u64" | "i64" | "bool";

/** Numbers of one metadata array. */
export type GgufNumbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array;

/** A metadata type's number in the file and, for those of fixed size, its bytes and the array class that holds it. */
export const FIXED_TYPES = {
  u8: { id: 0, bytes: 1, array: Uint8Array },
  i8: { id: 1, bytes: 1, array: Int8Array },
  u16: { id: 2, bytes: 2, array: Uint16Array },
  i16: { id: 3, bytes: 2, array: Int16Array },
  u32: { id: 4, bytes: 4, array: Uint32Array },
  i32: { id: 5, bytes: 4, array: Int32Array },
  f32: { id: 6, bytes: 4, array: Float32Array },
  bool: { id: 7, bytes: 1, array: Uint8Array },
  u64: { id: 10, bytes: 8, array: BigUint64Array },
  i64: { id: 11, bytes: 8, array: BigInt64Array },
  f64: { id: 12, bytes: 8, array: Float64Array },
} as const satisfies Record<GgufFixedType, { id: number; bytes: number; array: unknown }>;

/** Numbers of the metadata types of variable size. */
export const STRING_ID = 8;
export const ARRAY_ID = 9;

/** `offset` rounded up to a multiple of `alignment`, exact for every safe integer. */
export function alignUp(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}
