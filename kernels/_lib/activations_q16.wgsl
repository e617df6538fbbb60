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

fn pack_quads(a: vec4i, b: vec4i, c: vec4i, d: vec4i) -> vec4u {
  return vec4u(pack4xI8(a), pack4xI8(b), pack4xI8(c), pack4xI8(d));
}

fn coarse_of(levels: vec4i) -> vec4i {
  return (levels + 128) >> vec4u(8u);
}

fn fine_of(levels: vec4i) -> vec4i {
  return levels - 256 * coarse_of(levels);
}

fn quantize_block(values: QuadBlock) -> QuantizedActivations {
  let most = largest_of(values);
  let inverse = select(0.0, 32639.0 / most, most > 0.0);
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
  block.coarse_low = pack_quads(coarse_of(a), coarse_of(b), coarse_of(c), coarse_of(d));
  block.coarse_high = pack_quads(coarse_of(e), coarse_of(f), coarse_of(g), coarse_of(h));
  block.fine_low = pack_quads(fine_of(a), fine_of(b), fine_of(c), fine_of(d));
  block.fine_high = pack_quads(fine_of(e), fine_of(f), fine_of(g), fine_of(h));
  block.scale = most / 32639.0;
  block.sum = block.scale * f32(sums.x + sums.y + sums.z + sums.w);
  return block;
}

// The products with 32 signed bytes, added up: below 2^28, so exact until scaled.
fn dot_bytes(low: vec4u, high: vec4u, activations: QuantizedActivations) -> f32 {
  let coarse = dot16(low, activations.coarse_low) + dot16(high, activations.coarse_high);
  let fine = dot16(low, activations.fine_low) + dot16(high, activations.fine_high);
  return f32(256 * coarse + fine) * activations.scale;
}
