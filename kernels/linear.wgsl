// linear: out = x weight^T (+ out), for few rows of x: every workgroup streams ROWS rows of the weight once.
// weights: [rows, blocks] blocks of [n, k], scales: [rows, blocks] f16 or unused   x: [l, k] as the dot library wants it
// out: [l, n] f32
// Grid: [ceil(rows / ROWS), l].
override WORKGROUP_SIZE: u32 = 64;
override ROWS: u32 = 4; // at most 4
override ACCUMULATE: bool = false;

struct Params {
  rows: u32,
  blocks: u32,
  x_offset: u32,
  x_stride: u32,
  out_offset: u32,
  out_stride: u32,
}

@group(0) @binding(0) var<storage, read> weights: array<Block>;
@group(0) @binding(1) var<storage, read> scales: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<XElement>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn linear(at: Invocation) {
  let first = at.group.x * ROWS;
  let x_row = params.x_offset + at.group.y * params.x_stride;
  var sums = vec4f();
  for (var block = at.index; block < params.blocks; block += WORKGROUP_SIZE) {
    let activations = activations_at(x_row, block);
    for (var r = 0u; r < ROWS; r++) {
      let i = min(first + r, params.rows - 1u) * params.blocks + block;
      let product = dot_block(weights[i], activations);
      if (HAS_SCALES) {
        sums[r] += product * scale_at(scales[i / 2u], i);
      } else {
        sums[r] += product;
      }
    }
  }
  let totals = sum4(sums, at);
  let row = first + at.index;
  if (at.index < ROWS && row < params.rows) {
    let i = params.out_offset + at.group.y * params.out_stride + row;
    if (ACCUMULATE) {
      out[i] += totals[at.index];
    } else {
      out[i] = totals[at.index];
    }
  }
}
