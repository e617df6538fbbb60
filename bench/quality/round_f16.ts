/** @file One number to f16 and back. */
import { decodeF16, encodeF16 } from "../../runtime/formats/half_floats.ts";

/** The nearest f16. */
export function roundF16(value: number): number {
  const [bits, rounded] = [new Uint16Array(1), new Float32Array(1)];
  encodeF16(Float32Array.of(value), bits);
  decodeF16(bits, rounded);
  return rounded[0];
}
