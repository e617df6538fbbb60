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
  let a = vec4i(round(values.a * inverse));
  let b = vec4i(round(values.b * inverse));
  let c = vec4i(round(values.c * inverse));
  let d = vec4i(round(values.d * inverse));
  let e = vec4i(round(values.e * inverse));
  let f = vec4i(round(values.f * inverse));
  let g = vec4i(round(values.g * inverse));
  let h = vec4i(round(values.h * inverse));
  let sums = a + b + c + d + e + f + g + h;
  var block: QuantizedActivations;
  block.low = vec4u(pack4xI8(a), pack4xI8(b), pack4xI8(c), pack4xI8(d));
  block.high = vec4u(pack4xI8(e), pack4xI8(f), pack4xI8(g), pack4xI8(h));
  block.scale = most / 127.0;
  block.sum = block.scale * f32(sums.x + sums.y + sums.z + sums.w);
  return block;
}

// The products with 32 signed bytes, added up.
fn dot_bytes(low: vec4u, high: vec4u, activations: QuantizedActivations) -> f32 {
  return f32(dot16(low, activations.low) + dot16(high, activations.high)) * activations.scale;
}
