// gated_linear: out = silu(x gate^T) * (x up^T) (arXiv:2002.05202), or that of x's norm, for few rows of x.
// gate, up: [rows, blocks] blocks of [n, k], their scales: see products   x, norm: see operand   out: [l, n] f32
// Grid: [ceil(rows / ROWS), l].
override WORKGROUP_SIZE: u32 = 256;

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

@group(0) @binding(0) var<storage, read> gate: array<Block>;
@group(0) @binding(2) var<storage, read> up: array<Block>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn gated_linear(at: Invocation, @builtin(workgroup_id) group: vec3u) {
  let first = group.x * ROWS;
  let pair = gated_products(first, params.x_offset + group.y * params.x_stride, at);
  let row = first + at.index;
  if (at.index < ROWS && row < params.rows) {
    out[params.out_offset + group.y * params.out_stride + row] = silu(pair.x) * pair.y;
  }
}
