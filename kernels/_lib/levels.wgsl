// Rounding activations to whole levels without conversions, which GPUs make at a quarter of an addition's rate or less: 1.5 * 2^23
// plus a level leaves it, rounded to nearest even, in the lowest bits of the sum, in two's complement.
const LEVEL_BASE = 12582912.0;
const LEVEL_BASE_BITS = 0x4b400000u;

// Levels, still on LEVEL_BASE_BITS.
fn level_quad(values: vec4f, inverse: f32) -> vec4u {
  return bitcast<vec4u>(fma(values, vec4f(inverse), vec4f(LEVEL_BASE)));
}

// round(values * inverse), each within 2^22.
fn rounded_quad(values: vec4f, inverse: f32) -> vec4i {
  return bitcast<vec4i>(level_quad(values, inverse) - LEVEL_BASE_BITS);
}

// The lowest bytes of four levels.
fn first_bytes(quad: vec4u) -> u32 {
  return (quad.x & 0xffu) | ((quad.y & 0xffu) << 8u) | ((quad.z & 0xffu) << 16u) | (quad.w << 24u);
}

// The bytes above them.
fn second_bytes(quad: vec4u) -> u32 {
  return ((quad.x >> 8u) & 0xffu) | (quad.y & 0xff00u) | ((quad.z & 0xff00u) << 8u) | ((quad.w & 0xff00u) << 16u);
}
