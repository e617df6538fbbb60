// 32 activations as two signed bytes each: activation = scale * (256 * coarse + fine), at most 32639 = 127 * 256 + 127 scales.
// `sum` is the sum of the activations. Written out, because compilers keep what a loop indexes in memory.
struct QuantizedActivations {
  coarse_low: vec4u, // of the first 16
  coarse_high: vec4u,
  fine_low: vec4u,
  fine_high: vec4u,
  scale: f32,
  sum: f32,
}

// A level's coarse byte is its second one, rounded by the first, which is the fine one.
fn coarse_quads(a: vec4u, b: vec4u, c: vec4u, d: vec4u) -> vec4u {
  return second_bytes_of(a + 128u, b + 128u, c + 128u, d + 128u);
}

fn quantize_block(values: QuadBlock) -> QuantizedActivations {
  let most = largest_of(values);
  let inverse = select(0.0, 32639.0 / most, most > 0.0);
  let levels = levels_of(values, inverse);
  var block: QuantizedActivations;
  block.coarse_low = coarse_quads(levels.a, levels.b, levels.c, levels.d);
  block.coarse_high = coarse_quads(levels.e, levels.f, levels.g, levels.h);
  block.fine_low = first_bytes_of(levels.a, levels.b, levels.c, levels.d);
  block.fine_high = first_bytes_of(levels.e, levels.f, levels.g, levels.h);
  block.scale = most / 32639.0;
  block.sum = block.scale * f32(sum_of(levels));
  return block;
}

// The products with 32 signed bytes, added up: below 2^28, so exact until scaled.
fn dot_bytes(low: vec4u, high: vec4u, activations: QuantizedActivations) -> f32 {
  let coarse = dot16(low, activations.coarse_low) + dot16(high, activations.coarse_high);
  let fine = dot16(low, activations.fine_low) + dot16(high, activations.fine_high);
  return f32(256 * coarse + fine) * activations.scale;
}
