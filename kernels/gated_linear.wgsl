// gated_linear: out = silu(x gate^T) * (x up^T) (arXiv:2002.05202), for few rows of x.
// gate, up: [rows, blocks] blocks of [n, k], scales: [rows, blocks] f16 or unused   x: [l, k] as the dot library wants it
// out: [l, n] f32
// Grid: [ceil(rows / ROWS), l].
override WORKGROUP_SIZE: u32 = 64;
override ROWS: u32 = 2; // at most 2

struct Params {
  rows: u32,
  blocks: u32,
  x_offset: u32,
  x_stride: u32,
  out_offset: u32,
  out_stride: u32,
}

@group(0) @binding(0) var<storage, read> gate: array<Block>;
@group(0) @binding(1) var<storage, read> gate_scales: array<u32>;
@group(0) @binding(2) var<storage, read> up: array<Block>;
@group(0) @binding(3) var<storage, read> up_scales: array<u32>;
@group(0) @binding(4) var<storage, read> x: array<XElement>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn gated_linear(at: Invocation) {
  let first = at.group.x * ROWS;
  let x_row = params.x_offset + at.group.y * params.x_stride;
  var sums = vec4f(); // gate rows in x and y, up rows in z and w
  for (var block = at.index; block < params.blocks; block += WORKGROUP_SIZE) {
    let activations = activations_at(x_row, block);
    for (var r = 0u; r < ROWS; r++) {
      let i = min(first + r, params.rows - 1u) * params.blocks + block;
      var products = vec2f(dot_block(gate[i], activations), dot_block(up[i], activations));
      if (HAS_SCALES) {
        products *= vec2f(scale_at(gate_scales[i / 2u], i), scale_at(up_scales[i / 2u], i));
      }
      sums[r] += products.x;
      sums[r + 2u] += products.y;
    }
  }
  let totals = sum4(sums, at);
  let row = first + at.index;
  if (at.index < ROWS && row < params.rows) {
    let i = params.out_offset + at.group.y * params.out_stride + row;
    out[i] = silu(totals[at.index]) * totals[at.index + 2u];
  }
}
