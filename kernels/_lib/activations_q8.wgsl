// 32 activations as signed bytes: activation = scale * byte. `sum` is scale times the sum of the bytes.
struct QuantizedActivations {
  low: vec4u, // the first 16
  high: vec4u,
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
  let inverse = select(0.0, 127.0 / most, most > 0.0);
  var block: QuantizedActivations;
  var sums = vec4i();
  for (var i = 0u; i < 4u; i++) {
    let low = vec4i(round(values[i] * inverse));
    let high = vec4i(round(values[i + 4u] * inverse));
    sums += low + high;
    block.low[i] = pack4xI8(low);
    block.high[i] = pack4xI8(high);
  }
  block.scale = most / 127.0;
  block.sum = block.scale * f32(sums.x + sums.y + sums.z + sums.w);
  return block;
}

// The products with 32 signed bytes, added up.
fn dot_bytes(low: vec4u, high: vec4u, activations: QuantizedActivations) -> f32 {
  var sum = 0;
  for (var i = 0u; i < 4u; i++) {
    sum += dot4I8Packed(low[i], activations.low[i]) + dot4I8Packed(high[i], activations.high[i]);
  }
  return f32(sum) * activations.scale;
}
