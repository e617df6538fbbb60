// operand (fused): the mean of a mixer's two RMS-normed branches (arXiv:2411.13676, eq. 3), for one row.
// x: [attention (quads) | ssm (quads)] of f32   norm: the same of their norms' weights
@group(0) @binding(5) var<storage, read> x: array<vec4f>;
@group(0) @binding(6) var<storage, read> norm: array<vec4f>;

// What each branch is multiplied by: half of 1 / sqrt(mean of its squares + eps).
var<private> branch_scales: vec2f;

// Both branches' squares in a quad, 0 beyond the last.
fn squares_at(quad: u32) -> vec4f {
  let i = min(quad, params.quads - 1u);
  let attention = x[i];
  let ssm = x[params.quads + i];
  return select(vec4f(), vec4f(dot(attention, attention), dot(ssm, ssm), 0.0, 0.0), quad < params.quads);
}

// Every invocation calls, before it reads.
fn prepare_operand(x_row: u32, at: Invocation) {
  var squares = vec4f();
  for (var quad = at.index; quad < params.quads; quad += 4u * WORKGROUP_SIZE) {
    let low = squares_at(quad) + squares_at(quad + WORKGROUP_SIZE);
    squares += low + (squares_at(quad + 2u * WORKGROUP_SIZE) + squares_at(quad + 3u * WORKGROUP_SIZE));
  }
  branch_scales = 0.5 / sqrt(sum4(squares, at).xy / f32(4u * params.quads) + params.eps);
}

fn operand(x_row: u32, quad: u32) -> vec4f {
  let attention = norm[quad] * x[quad] * branch_scales.x;
  let ssm = norm[params.quads + quad] * x[params.quads + quad] * branch_scales.y;
  return attention + ssm;
}

fn operand_scale(at: Invocation) -> f32 {
  return 1.0;
}
