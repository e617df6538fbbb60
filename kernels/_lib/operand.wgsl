// operand: the activations that a product reads, four at a time: x, or its RMS norm (arXiv:1910.07467) by `norm`.
// x: [l, quads] of [l, columns] f32, rows ending in zeros   norm: [quads] f32, or anything where NORMED is false
override NORMED: bool = false;

@group(0) @binding(5) var<storage, read> x: array<vec4f>;
@group(0) @binding(6) var<storage, read> norm: array<vec4f>;

fn squares_at(x_row: u32, quad: u32) -> f32 {
  let values = x[x_row + min(quad, params.quads - 1u)];
  return select(0.0, dot(values, values), quad < params.quads);
}

// What the norm multiplies a row by, beside its weights: 1 / sqrt(mean(x^2) + eps). Every invocation calls.
fn norm_scale(x_row: u32, at: Invocation) -> f32 {
  if (!NORMED) {
    return 1.0;
  }
  var squares = vec4f();
  for (var quad = at.index; quad < params.quads; quad += 4u * WORKGROUP_SIZE) {
    squares += vec4f(
      squares_at(x_row, quad),
      squares_at(x_row, quad + WORKGROUP_SIZE),
      squares_at(x_row, quad + 2u * WORKGROUP_SIZE),
      squares_at(x_row, quad + 3u * WORKGROUP_SIZE),
    );
  }
  let sum = sum1(squares.x + squares.y + squares.z + squares.w, at);
  return 1.0 / sqrt(sum / f32(params.columns) + params.eps);
}

// Activations 4 * quad .. 4 * quad + 3 of the row that starts at `x_row`.
fn operand(x_row: u32, quad: u32, scale: f32) -> vec4f {
  let values = x[x_row + quad];
  if (NORMED) {
    return norm[quad] * values * scale;
  }
  return values;
}
