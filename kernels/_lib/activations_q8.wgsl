// 32 activations as signed bytes: activation = scale * byte. `sum` is scale times the sum of the bytes.
struct QuantizedActivations {
  low: vec4u, // the first 16
  high: vec4u,
  scale: f32,
  sum: f32,
}

fn quantize_block(values: QuadBlock) -> QuantizedActivations {
  let most = largest_of(values);
  let inverse = select(0.0, 127.0 / most, most > 0.0);
  let levels = levels_of(values, inverse);
  var block: QuantizedActivations;
  block.low = first_bytes_of(levels.a, levels.b, levels.c, levels.d);
  block.high = first_bytes_of(levels.e, levels.f, levels.g, levels.h);
  block.scale = most / 127.0;
  block.sum = block.scale * f32(sum_of(levels));
  return block;
}

// The products with 32 signed bytes, added up.
fn dot_bytes(low: vec4u, high: vec4u, activations: QuantizedActivations) -> f32 {
  return f32(dot16(low, activations.low) + dot16(high, activations.high)) * activations.scale;
}
