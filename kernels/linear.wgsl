// linear: out = x weight^T (+ out), or that of x's norm, for few rows of x. A workgroup multiplies ROWS rows of the weight; an
// invocation takes one block of each at a time, so that all their loads are under way at once.
// weights: [rows, blocks] blocks of [n, k], their scales: see product   x, norm: see operand   out: [l, n] f32
// Grid: [ceil(rows / ROWS), l].
override WORKGROUP_SIZE: u32 = 64;
override ROWS: u32 = 4; // 1, 2, 4 or 8
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

@group(0) @binding(0) var<storage, read> weights: array<Block>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn linear(at: Invocation) {
  let first = at.group.x * ROWS;
  let x_row = params.x_offset + at.group.y * params.x_stride;
  let low_rows = min(first + vec4u(0u, 1u, 2u, 3u), vec4u(params.rows - 1u)) * params.blocks;
  let high_rows = min(first + vec4u(4u, 5u, 6u, 7u), vec4u(params.rows - 1u)) * params.blocks;
  var low = vec4f();
  var high = vec4f();
  for (var block = at.index; block < params.blocks; block += WORKGROUP_SIZE) {
    let activations = activations_at(x_row, block);
    low.x += product(low_rows.x + block, activations);
    if (ROWS > 1u) {
      low.y += product(low_rows.y + block, activations);
    }
    if (ROWS > 2u) {
      low.z += product(low_rows.z + block, activations);
      low.w += product(low_rows.w + block, activations);
    }
    if (ROWS > 4u) {
      high.x += product(high_rows.x + block, activations);
      high.y += product(high_rows.y + block, activations);
      high.z += product(high_rows.z + block, activations);
      high.w += product(high_rows.w + block, activations);
    }
  }
  let scale = operand_scale(at);
  var totals = sum4(low, at);
  if (ROWS > 4u) {
    let high_totals = sum4(high, at);
    totals = select(totals, high_totals, at.index >= 4u);
  }
  let row = first + at.index;
  if (at.index < ROWS && row < params.rows) {
    let i = params.out_offset + at.group.y * params.out_stride + row;
    let total = scale * totals[at.index & 3u];
    if (ACCUMULATE) {
      out[i] += total;
    } else {
      out[i] = total;
    }
  }
}
