// 32 activations, the unit that is quantised by one scale.
struct QuadBlock {
  a: vec4f,
  b: vec4f,
  c: vec4f,
  d: vec4f,
  e: vec4f,
  f: vec4f,
  g: vec4f,
  h: vec4f,
}

fn largest_of(values: QuadBlock) -> f32 {
  let low = max(max(abs(values.a), abs(values.b)), max(abs(values.c), abs(values.d)));
  let high = max(max(abs(values.e), abs(values.f)), max(abs(values.g), abs(values.h)));
  let largest = max(low, high);
  return max(max(largest.x, largest.y), max(largest.z, largest.w));
}

// The products of 16 signed bytes, added up.
fn dot16(a: vec4u, b: vec4u) -> i32 {
  return dot4I8Packed(a.x, b.x) + dot4I8Packed(a.y, b.y) + dot4I8Packed(a.z, b.z) + dot4I8Packed(a.w, b.w);
}
