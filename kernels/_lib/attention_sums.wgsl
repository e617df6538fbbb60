// What an invocation of attention_tiled sums up: two quads of the values for eight queries, quads 16 apart; written out, because
// compilers keep what a loop indexes in memory.

// A quad for each of four queries.
struct FourSums {
  a: vec4f,
  b: vec4f,
  c: vec4f,
  d: vec4f,
}

// For the first four queries and the last four, of the first quad and the second.
struct OutputSums {
  low: FourSums,
  high: FourSums,
  far_low: FourSums,
  far_high: FourSums,
}

fn faded(sums: FourSums, fade: vec4f) -> FourSums {
  return FourSums(sums.a * fade.x, sums.b * fade.y, sums.c * fade.z, sums.d * fade.w);
}

fn fade_sums(sums: OutputSums, low: vec4f, high: vec4f) -> OutputSums {
  return OutputSums(faded(sums.low, low), faded(sums.high, high), faded(sums.far_low, low), faded(sums.far_high, high));
}

fn add_value(sums: FourSums, weights: vec4f, value: vec4f) -> FourSums {
  return FourSums(
    fma(vec4f(weights.x), value, sums.a),
    fma(vec4f(weights.y), value, sums.b),
    fma(vec4f(weights.z), value, sums.c),
    fma(vec4f(weights.w), value, sums.d),
  );
}

fn add_key(sums: OutputSums, key: u32, slot: u32, value: vec4f, far: vec4f) -> OutputSums {
  let low = scores[key * 8u + slot / 4u];
  let high = scores[key * 8u + slot / 4u + 1u];
  return OutputSums(
    add_value(sums.low, low, value),
    add_value(sums.high, high, value),
    add_value(sums.far_low, low, far),
    add_value(sums.far_high, high, far),
  );
}

// Keys beyond the last repeat it, with a weight of 0. Of heads of up to 64 dimensions the second quad counts for nothing.
fn far_quad(row: u32, lane: u32) -> vec4f {
  if (V_HEAD_DIM > 64u) {
    return value_quad(row, min(lane + 16u, VALUE_QUADS - 1u));
  }
  return vec4f();
}

fn add_four_keys(sums: OutputSums, key: u32, slot: u32, lane: u32) -> OutputSums {
  let rows = vec4u(value_rows[key], value_rows[key + 1u], value_rows[key + 2u], value_rows[key + 3u]);
  let near = min(lane, VALUE_QUADS - 1u);
  let a = value_quad(rows.x, near);
  let b = value_quad(rows.y, near);
  let c = value_quad(rows.z, near);
  let d = value_quad(rows.w, near);
  let far_a = far_quad(rows.x, lane);
  let far_b = far_quad(rows.y, lane);
  let far_c = far_quad(rows.z, lane);
  let far_d = far_quad(rows.w, lane);
  var added = add_key(sums, key, slot, a, far_a);
  added = add_key(added, key + 1u, slot, b, far_b);
  added = add_key(added, key + 2u, slot, c, far_c);
  return add_key(added, key + 3u, slot, d, far_d);
}
