// What attention makes of a tile's scores: weights, four keys at a time, and the values that they weigh.
fn score_quad(head: u32, quad: u32) -> vec4f {
  return scores[min(head, GROUP - 1u) * (TILE / 4u) + quad];
}

fn highest_score(head: u32) -> f32 {
  let low = max(max(score_quad(head, 0u), score_quad(head, 1u)), max(score_quad(head, 2u), score_quad(head, 3u)));
  let high = max(max(score_quad(head, 4u), score_quad(head, 5u)), max(score_quad(head, 6u), score_quad(head, 7u)));
  let highest = max(low, high);
  return max(max(highest.x, highest.y), max(highest.z, highest.w));
}

fn highest_scores(heads: vec4u) -> vec4f {
  return vec4f(highest_score(heads.x), highest_score(heads.y), highest_score(heads.z), highest_score(heads.w));
}

// A quad of the values of 16 keys, four in each matrix.
struct Values {
  a: mat4x4f,
  b: mat4x4f,
  c: mat4x4f,
  d: mat4x4f,
}

// Quad `lane` of the values of keys 4 * quad .. 4 * quad + 3.
fn four_values(quad: u32, lane: u32) -> mat4x4f {
  return mat4x4f(
    value_quad(value_rows[4u * quad], lane),
    value_quad(value_rows[4u * quad + 1u], lane),
    value_quad(value_rows[4u * quad + 2u], lane),
    value_quad(value_rows[4u * quad + 3u], lane),
  );
}

// Those of keys 4 * quad .. 4 * quad + 15.
fn values_at(quad: u32, lane: u32) -> Values {
  return Values(
    four_values(quad, lane),
    four_values(quad + 1u, lane),
    four_values(quad + 2u, lane),
    four_values(quad + 3u, lane),
  );
}

struct Weighed {
  sum: vec4f,
  total: f32, // of the weights
}

// The values of keys 4 * quad .. 4 * quad + 15 as a head weighs them: keys beyond the last with 0.
fn weigh(values: Values, head: u32, quad: u32, highest: f32) -> Weighed {
  let a = exp(score_quad(head, quad) - highest);
  let b = exp(score_quad(head, quad + 1u) - highest);
  let c = exp(score_quad(head, quad + 2u) - highest);
  let d = exp(score_quad(head, quad + 3u) - highest);
  let sum = values.a * a + values.b * b + values.c * c + values.d * d;
  return Weighed(sum, dot(a + b + c + d, vec4f(1.0)));
}
