// linear: out = x weight^T (+ out), or that of x's norm, for few rows of x. A workgroup multiplies ROWS rows of the weight; an
// invocation takes one block of each at a time, so that all their loads are under way at once.
// weights: [rows, blocks] blocks of [n, k], scales: [rows, blocks] f16 or unused   x, norm: see operand   out: [l, n] f32
// Grid: [ceil(rows / ROWS), l].
override WORKGROUP_SIZE: u32 = 64;
override ROWS: u32 = 4; // 1, 2, 4 or 8
override ACCUMULATE: bool = false;

struct Params {
  rows: u32,
  blocks: u32,
  columns: u32,
  quads: u32,
  x_offset: u32,
  x_stride: u32,
  out_offset: u32,
  out_stride: u32,
  eps: f32,
}

@group(0) @binding(0) var<storage, read> weights: array<Block>;
@group(0) @binding(1) var<storage, read> scales: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

fn scaled_block(i: u32) -> ScaledBlock {
  if (HAS_SCALES) {
    return ScaledBlock(weights[i], scale_at(scales[i / 2u], i));
  }
  return ScaledBlock(weights[i], 1.0);
}

fn load_blocks(first: u32, block: u32) -> Blocks {
  let low = min(first + vec4u(0u, 1u, 2u, 3u), vec4u(params.rows - 1u)) * params.blocks + block;
  let high = min(first + vec4u(4u, 5u, 6u, 7u), vec4u(params.rows - 1u)) * params.blocks + block;
  var blocks: Blocks;
  blocks.a = scaled_block(low.x);
  if (ROWS > 1u) {
    blocks.b = scaled_block(low.y);
  }
  if (ROWS > 2u) {
    blocks.c = scaled_block(low.z);
    blocks.d = scaled_block(low.w);
  }
  if (ROWS > 4u) {
    blocks.e = scaled_block(high.x);
    blocks.f = scaled_block(high.y);
    blocks.g = scaled_block(high.z);
    blocks.h = scaled_block(high.w);
  }
  return blocks;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn linear(at: Invocation) {
  let first = at.group.x * ROWS;
  let x_row = params.x_offset + at.group.y * params.x_stride;
  // The first weights are on their way while x is normed.
  var blocks = load_blocks(first, min(at.index, params.blocks - 1u));
  let scale = norm_scale(x_row, at);
  var low = vec4f();
  var high = vec4f();
  for (var block = at.index; block < params.blocks; block += WORKGROUP_SIZE) {
    if (block >= WORKGROUP_SIZE) {
      blocks = load_blocks(first, block);
    }
    let activations = activations_at(x_row, block, scale);
    low.x += product(blocks.a, activations);
    if (ROWS > 1u) {
      low.y += product(blocks.b, activations);
    }
    if (ROWS > 2u) {
      low.z += product(blocks.c, activations);
      low.w += product(blocks.d, activations);
    }
    if (ROWS > 4u) {
      high.x += product(blocks.e, activations);
      high.y += product(blocks.f, activations);
      high.z += product(blocks.g, activations);
      high.w += product(blocks.h, activations);
    }
  }
  var totals = sum4(low, at);
  if (ROWS > 4u) {
    let high_totals = sum4(high, at);
    totals = select(totals, high_totals, at.index >= 4u);
  }
  let row = first + at.index;
  if (at.index < ROWS && row < params.rows) {
    let i = params.out_offset + at.group.y * params.out_stride + row;
    let total = totals[at.index & 3u];
    if (ACCUMULATE) {
      out[i] += total;
    } else {
      out[i] = total;
    }
  }
}
