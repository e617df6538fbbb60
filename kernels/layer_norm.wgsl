// layer_norm: out = gamma * (x - mean(x)) / sqrt(mean((x - mean(x))^2) + eps) + beta, row by row (arXiv:1607.06450).
// a = x: [l, columns] f32, possibly out itself   gamma, beta: [columns] f32   out: [l, columns] f32
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

@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> beta: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn layer_norm(at: Invocation, @builtin(workgroup_id) group: vec3u) {
  let from_row = params.a_offset + group.x * params.a_stride;
  let to_row = params.out_offset + group.x * params.out_stride;
  let columns = f32(params.columns);
  var values = 0.0;
  for (var i = at.index; i < params.columns; i += WORKGROUP_SIZE) {
    values += a_at(from_row + i);
  }
  let mean = sum1(values, at) / columns;
  var squares = 0.0;
  for (var i = at.index; i < params.columns; i += WORKGROUP_SIZE) {
    let centred = a_at(from_row + i) - mean;
    squares += centred * centred;
  }
  let scale = 1.0 / sqrt(sum1(squares, at) / columns + params.eps);
  for (var i = at.index; i < params.columns; i += WORKGROUP_SIZE) {
    out[to_row + i] = gamma[i] * ((a_at(from_row + i) - mean) * scale) + beta[i];
  }
}
