// head_fusion: mean of the two RMS-normed branches (arXiv:2411.13676, eq. 3).
// a = attention, b = ssm: [l, columns] f32, either possibly out itself   attention_norm, ssm_norm: [columns] f32
// out: [l, columns] f32
// Grid: one workgroup a row.
override WORKGROUP_SIZE: u32 = 256;

struct Params {
  columns: u32,
  a_offset: u32,
  a_stride: u32,
  b_offset: u32,
  b_stride: u32,
  out_offset: u32,
  out_stride: u32,
  eps: f32,
}

@group(0) @binding(2) var<storage, read> attention_norm: array<f32>;
@group(0) @binding(3) var<storage, read> ssm_norm: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

// Both branches' squares at a column, 0 beyond the last.
fn squares_at(a_row: u32, b_row: u32, column: u32) -> vec2f {
  let i = min(column, params.columns - 1u);
  let pair = vec2f(a_at(a_row + i), b_at(b_row + i));
  return select(vec2f(), pair * pair, column < params.columns);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn head_fusion(at: Invocation, @builtin(workgroup_id) group: vec3u) {
  let a_row = params.a_offset + group.x * params.a_stride;
  let b_row = params.b_offset + group.x * params.b_stride;
  let to_row = params.out_offset + group.x * params.out_stride;
  var squares = vec4f();
  for (var i = at.index; i < params.columns; i += 4u * WORKGROUP_SIZE) {
    let columns = i + WORKGROUP_SIZE * vec4u(0u, 1u, 2u, 3u);
    let low = squares_at(a_row, b_row, columns.x) + squares_at(a_row, b_row, columns.y);
    let high = squares_at(a_row, b_row, columns.z) + squares_at(a_row, b_row, columns.w);
    squares += vec4f(low + high, 0.0, 0.0);
  }
  let scales = 0.5 / sqrt(sum4(squares, at).xy / f32(params.columns) + params.eps);
  for (var i = at.index; i < params.columns; i += WORKGROUP_SIZE) {
    let attention = attention_norm[i] * a_at(a_row + i) * scales.x;
    let ssm = ssm_norm[i] * b_at(b_row + i) * scales.y;
    out[to_row + i] = attention + ssm;
  }
}
