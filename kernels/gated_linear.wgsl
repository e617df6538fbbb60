// gated_linear: out = silu(x gate^T) * (x up^T) (arXiv:2002.05202), or that of x's norm, for few rows of x. Divided as linear is.
// gate, up: [rows, blocks] blocks of [n, k], their scales: see products   x, norm: see operand   out: [l, n] f32
// Grid: [ceil(rows / ROWS), l].
override WORKGROUP_SIZE: u32 = 64;
override ROWS: u32 = 4; // 1, 2 or 4

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
  let x_row = params.x_offset + group.y * params.x_stride;
  prepare_operand(x_row, at);
  let rows = min(first + vec4u(0u, 1u, 2u, 3u), vec4u(params.rows - 1u)) * params.blocks;
  var low = vec4f(); // of rows 0 and 1: gate, up, gate, up
  var high = vec4f();
  for (var block = at.index; block < params.blocks; block += WORKGROUP_SIZE) {
    let activations = activations_at(x_row, block);
    low += vec4f(products(rows.x + block, activations), 0.0, 0.0);
    if (ROWS > 1u) {
      low += vec4f(0.0, 0.0, products(rows.y + block, activations));
    }
    if (ROWS > 2u) {
      high += vec4f(products(rows.z + block, activations), products(rows.w + block, activations));
    }
  }
  let scale = operand_scale(at);
  var totals = sum4(low, at);
  if (ROWS > 2u) {
    let high_totals = sum4(high, at);
    totals = select(totals, high_totals, at.index >= 2u);
  }
  let row = first + at.index;
  if (at.index < ROWS && row < params.rows) {
    let i = params.out_offset + group.y * params.out_stride + row;
    let pair = scale * select(totals.xy, totals.zw, (at.index & 1u) == 1u);
    out[i] = silu(pair.x) * pair.y;
  }
}
