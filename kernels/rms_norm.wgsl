// rms_norm: out = weight * x / sqrt(mean(x^2) + eps), row by row (arXiv:1910.07467).
// a = x: [l, columns] f32, possibly out itself   weight: [columns] f32   out: [l, columns] f32
// Grid: one workgroup a row.
override WORKGROUP_SIZE: u32 = 256;

struct Params {
  columns: u32,
  a_offset: u32,
  a_stride: u32,
  out_offset: u32,
  out_stride: u32,
  eps: f32,
}

@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn rms_norm(at: Invocation, @builtin(workgroup_id) group: vec3u) {
  let from_row = params.a_offset + group.x * params.a_stride;
  let to_row = params.out_offset + group.x * params.out_stride;
  var squares = 0.0;
  for (var i = at.index; i < params.columns; i += WORKGROUP_SIZE) {
    squares += a_at(from_row + i) * a_at(from_row + i);
  }
  let scale = 1.0 / sqrt(sum1(squares, at) / f32(params.columns) + params.eps);
  for (var i = at.index; i < params.columns; i += WORKGROUP_SIZE) {
    out[to_row + i] = weight[i] * a_at(from_row + i) * scale;
  }
}
