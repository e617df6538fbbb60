// Scale number `i` of a row-major array of f16 scales, given the word that holds it.
fn scale_at(pair: u32, i: u32) -> f32 {
  return unpack2x16float(pair >> (16u * (i & 1u))).x;
}
