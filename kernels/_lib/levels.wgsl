// Rounding activations to whole levels without conversions, which GPUs make at a quarter of an addition's rate or less: 1.5 * 2^23
// plus a level leaves it, rounded to nearest even, in the lowest bits of the sum, in two's complement.
const LEVEL_BASE = 12582912.0;
const LEVEL_BASE_BITS = 0x4b400000u;

// 32 levels, still on LEVEL_BASE_BITS.
struct LevelBlock {
  a: vec4u,
  b: vec4u,
  c: vec4u,
  d: vec4u,
  e: vec4u,
  f: vec4u,
  g: vec4u,
  h: vec4u,
}

fn level_quad(values: vec4f, inverse: f32) -> vec4u {
  return bitcast<vec4u>(fma(values, vec4f(inverse), vec4f(LEVEL_BASE)));
}

// round(values * inverse), each within 2^22.
fn rounded_quad(values: vec4f, inverse: f32) -> vec4i {
  return bitcast<vec4i>(level_quad(values, inverse) - LEVEL_BASE_BITS);
}

// The same for 32 activations.
fn levels_of(values: QuadBlock, inverse: f32) -> LevelBlock {
  return LevelBlock(
    level_quad(values.a, inverse),
    level_quad(values.b, inverse),
    level_quad(values.c, inverse),
    level_quad(values.d, inverse),
    level_quad(values.e, inverse),
    level_quad(values.f, inverse),
    level_quad(values.g, inverse),
    level_quad(values.h, inverse),
  );
}

fn sum_of(levels: LevelBlock) -> i32 {
  let sums = levels.a + levels.b + levels.c + levels.d + levels.e + levels.f + levels.g + levels.h;
  return bitcast<i32>(sums.x + sums.y + sums.z + sums.w - 32u * LEVEL_BASE_BITS);
}

fn first_bytes(quad: vec4u) -> u32 {
  return (quad.x & 0xffu) | ((quad.y & 0xffu) << 8u) | ((quad.z & 0xffu) << 16u) | (quad.w << 24u);
}

fn second_bytes(quad: vec4u) -> u32 {
  return ((quad.x >> 8u) & 0xffu) | (quad.y & 0xff00u) | ((quad.z & 0xff00u) << 8u) | ((quad.w & 0xff00u) << 16u);
}

fn first_bytes_of(a: vec4u, b: vec4u, c: vec4u, d: vec4u) -> vec4u {
  return vec4u(first_bytes(a), first_bytes(b), first_bytes(c), first_bytes(d));
}

fn second_bytes_of(a: vec4u, b: vec4u, c: vec4u, d: vec4u) -> vec4u {
  return vec4u(second_bytes(a), second_bytes(b), second_bytes(c), second_bytes(d));
}
