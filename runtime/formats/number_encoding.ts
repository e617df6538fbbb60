/** @file Floating-point numbers as bytes, from one width to another. */
import { decodeF16, encodeF16 } from "./half_floats.ts";

/** Little-endian IEEE 754 numbers. */
export type NumberEncoding = "f64" | "f32" | "f16";

/** Bytes of one number. */
export const ENCODING_BYTES: Readonly<Record<NumberEncoding, number>> = { f64: 8, f32: 4, f16: 2 };

/** The same numbers in another encoding, rounded to nearest where it is narrower. */
export function recode(bytes: Uint8Array, from: NumberEncoding, to: NumberEncoding): Uint8Array {
  return from === to ? bytes : encode(decode(bytes, from), to);
}

function decode(bytes: Uint8Array, from: NumberEncoding): Float64Array | Float32Array {
  const { buffer } = bytes.slice();
  switch (from) {
    case "f64":
      return new Float64Array(buffer);
    case "f32":
      return new Float32Array(buffer);
    case "f16": {
      const values = new Float32Array(bytes.length / 2);
      decodeF16(new Uint16Array(buffer), values);
      return values;
    }
  }
}

function encode(values: Float64Array | Float32Array, to: NumberEncoding): Uint8Array {
  switch (to) {
    case "f64":
      return new Uint8Array(Float64Array.from(values).buffer);
    case "f32":
      return new Uint8Array(Float32Array.from(values).buffer);
    case "f16": {
      const bits = new Uint16Array(values.length);
      encodeF16(Float32Array.from(values), bits);
      return new Uint8Array(bits.buffer);
    }
  }
}
