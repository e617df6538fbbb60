// 32 activations as two signed bytes each: activation = scale * (256 * coarse + fine), at most 32639 = 127 * 256 + 127 scales.
// `sum` is the sum of the activations.
struct QuantizedActivations {
  coarse_low: vec4u, // of the first 16
  coarse_high: vec4u,
  fine_low: vec4u,
  fine_high: vec4u,
  scale: f32,
  sum: f32,
}

fn quantize_block(quads: array<vec4f, 8>) -> QuantizedActivations {
  var values = quads;
  var largest = vec4f();
  for (var i = 0u; i < 8u; i++) {
    largest = max(largest, abs(values[i]));
  }
  let most = max(max(largest.x, largest.y), max(largest.z, largest.w));
  let inverse = select(0.0, 32639.0 / most, most > 0.0);
  var block: QuantizedActivations;
  var sums = vec4i();
  for (var i = 0u; i < 4u; i++) {
    let low = vec4i(round(values[i] * inverse));
    let high = vec4i(round(values[i + 4u] * inverse));
    sums += low + high;
    let coarse_low = (low + 128) >> vec4u(8u);
    let coarse_high = (high + 128) >> vec4u(8u);
    block.coarse_low[i] = pack4xI8(coarse_low);
    block.coarse_high[i] = pack4xI8(coarse_high);
    block.fine_low[i] = pack4xI8(low - 256 * coarse_low);
    block.fine_high[i] = pack4xI8(high - 256 * coarse_high);
  }
  block.scale = most / 32639.0;
  block.sum = block.scale * f32(sums.x + sums.y + sums.z + sums.w);
  return block;
}

// The products with 32 signed bytes, added up: below 2^28, so exact until scaled.
fn dot_bytes(low: vec4u, high: vec4u, activations: QuantizedActivations) -> f32 {
  var coarse = 0;
  var fine = 0;
  for (var i = 0u; i < 4u; i++) {
    coarse += dot4I8Packed(low[i], activations.coarse_low[i]) + dot4I8Packed(high[i], activations.coarse_high[i]);
    fine += dot4I8Packed(low[i], activations.fine_low[i]) + dot4I8Packed(high[i], activations.fine_high[i]);
  }
  return f32(256 * coarse + fine) * activations.scale;
}
