/** @file 16-bit floats and back, whole arrays at a time: IEEE 754 binary16 (f16) and bfloat16 (bf16). */

const SMALLEST_F16 = 2 ** -24;

/**
 * Converts binary16 bit patterns to numbers, exactly. NaN and infinity stay what they are.
 *
 * @param bits `[n]` bit patterns
 * @param out `[n]` results; overwritten
 */
export function decodeF16(bits: Uint16Array, out: Float32Array): void {
  const words = new Uint32Array(out.buffer, out.byteOffset, bits.length);
  for (let i = 0; i < bits.length; i++) {
    const half = bits[i];
    const sign = (half & 0x8000) << 16;
    const magnitude = half & 0x7fff;
    if (magnitude >= 0x7c00) words[i] = sign | 0x7f800000 | (magnitude << 13); // infinity or NaN
    else if (magnitude >= 0x0400) words[i] = sign | ((magnitude << 13) + 0x38000000); // exponent bias 15 -> 127
    else out[i] = (sign ? -magnitude : magnitude) * SMALLEST_F16; // subnormal
  }
}

/**
 * Rounds numbers to binary16, to nearest with ties to even. Too large ones become infinity, NaN stays NaN.
 *
 * @param values `[n]` numbers
 * @param out `[n]` bit patterns; overwritten
 */
export function encodeF16(values: Float32Array, out: Uint16Array): void {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < words.length; i++) {
    const sign = (words[i] >>> 16) & 0x8000;
    const magnitude = words[i] & 0x7fffffff;
    if (magnitude >= 0x38800000 && magnitude < 0x477ff000) { // 2^-14 .. 65520: normal after rounding
      out[i] = sign | ((magnitude - 0x38000000 + 0x0fff + ((magnitude >>> 13) & 1)) >>> 13);
    } else if (magnitude < 0x38800000) {
      out[i] = sign | subnormalF16(magnitude);
    } else {
      out[i] = sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
    }
  }
}

/** Bits of a binary16 below 2^-14, in units of 2^-24, from the bits of a positive float below 2^-14. */
function subnormalF16(magnitude: number): number {
  if (magnitude < 0x33000000) return 0; // below half of the smallest
  const shift = 126 - (magnitude >>> 23);
  const mantissa = (magnitude & 0x007fffff) | 0x00800000;
  const rest = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  const floor = mantissa >>> shift;
  return rest > half || (rest === half && (floor & 1) === 1) ? floor + 1 : floor;
}

/**
 * Converts bfloat16 bit patterns to numbers, exactly.
 *
 * @param bits `[n]` bit patterns
 * @param out `[n]` results; overwritten
 */
export function decodeBf16(bits: Uint16Array, out: Float32Array): void {
  const words = new Uint32Array(out.buffer, out.byteOffset, bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i] << 16;
}

/**
 * Rounds numbers to bfloat16, to nearest with ties to even. Too large ones become infinity, NaN stays NaN.
 *
 * @param values `[n]` numbers
 * @param out `[n]` bit patterns; overwritten
 */
export function encodeBf16(values: Float32Array, out: Uint16Array): void {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    const isNan = (word & 0x7fffffff) > 0x7f800000;
    out[i] = isNan ? (word >>> 16) | 0x0040 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
}
