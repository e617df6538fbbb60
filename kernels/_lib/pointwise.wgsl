// The pointwise functions of the model, safe for any finite argument.

// x / (1 + e^-x), without overflow.
fn silu(x: f32) -> f32 {
  let e = exp(-abs(x));
  return x * select(1.0, e, x < 0.0) / (1.0 + e);
}

// 1 / (1 + e^-x), without overflow.
fn sigmoid(x: f32) -> f32 {
  let e = exp(-abs(x));
  return select(1.0, e, x < 0.0) / (1.0 + e);
}

// ln(1 + e^x), without overflow or cancellation: ln(1 + e) = 2 atanh(e / (2 + e)) as a series, since WGSL's log is only
// good to 2^-21 next to 1.
fn softplus(x: f32) -> f32 {
  let e = exp(-abs(x));
  let s = e / (2.0 + e);
  let q = s * s;
  let series = 1.0 + q * (1.0 / 3.0 + q * (0.2 + q * (1.0 / 7.0 + q * (1.0 / 9.0 + q * (1.0 / 11.0 + q / 13.0)))));
  return max(x, 0.0) + 2.0 * s * series;
}
