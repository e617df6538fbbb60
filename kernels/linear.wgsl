// linear: out = x weight^T (+ out), or that of x's norm, for few rows of x.
// weights: see row_product   x, norm: see operand   out: [l, n] f32
// Grid: [ceil(rows / ROWS), l].
override WORKGROUP_SIZE: u32 = 256;
override ACCUMULATE: bool = false;

struct Params {
  rows: u32,
  blocks: u32,
  quads: u32,
  x_offset: u32,
  x_stride: u32,
  out_offset: u32,
  out_stride: u32,
  eps: f32,
}

@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn linear(at: Invocation, @builtin(workgroup_id) group: vec3u) {
  let first = group.x * ROWS;
  let total = row_product(first, params.x_offset + group.y * params.x_stride, at);
  let row = first + at.index;
  if (at.index < ROWS && row < params.rows) {
    let i = params.out_offset + group.y * params.out_stride + row;
    if (ACCUMULATE) {
      out[i] += total;
    } else {
      out[i] = total;
    }
  }
}
