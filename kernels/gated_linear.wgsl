// gated_linear: out = silu(x gate^T) * (x up^T) (arXiv:2002.05202), or that of x's norm, for few rows of x. Divided as linear is.
// gate, up: [rows, blocks] blocks of [n, k], scales: [rows, blocks] f16 or unused   x, norm: see operand   out: [l, n] f32
// Grid: [ceil(rows / ROWS), l].
override WORKGROUP_SIZE: u32 = 64;
override ROWS: u32 = 4; // 1, 2 or 4

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

@group(0) @binding(0) var<storage, read> gate: array<Block>;
@group(0) @binding(1) var<storage, read> gate_scales: array<u32>;
@group(0) @binding(2) var<storage, read> up: array<Block>;
@group(0) @binding(3) var<storage, read> up_scales: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

fn gate_block(i: u32) -> ScaledBlock {
  if (HAS_SCALES) {
    return ScaledBlock(gate[i], scale_at(gate_scales[i / 2u], i));
  }
  return ScaledBlock(gate[i], 1.0);
}

fn up_block(i: u32) -> ScaledBlock {
  if (HAS_SCALES) {
    return ScaledBlock(up[i], scale_at(up_scales[i / 2u], i));
  }
  return ScaledBlock(up[i], 1.0);
}

// gate, up, gate, up, ...
fn load_blocks(first: u32, block: u32) -> Blocks {
  let rows = min(first + vec4u(0u, 1u, 2u, 3u), vec4u(params.rows - 1u)) * params.blocks + block;
  var blocks: Blocks;
  blocks.a = gate_block(rows.x);
  blocks.b = up_block(rows.x);
  if (ROWS > 1u) {
    blocks.c = gate_block(rows.y);
    blocks.d = up_block(rows.y);
  }
  if (ROWS > 2u) {
    blocks.e = gate_block(rows.z);
    blocks.f = up_block(rows.z);
    blocks.g = gate_block(rows.w);
    blocks.h = up_block(rows.w);
  }
  return blocks;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn gated_linear(at: Invocation) {
  let first = at.group.x * ROWS;
  let x_row = params.x_offset + at.group.y * params.x_stride;
  // The first weights are on their way while x is normed.
  var blocks = load_blocks(first, min(at.index, params.blocks - 1u));
  let scale = norm_scale(x_row, at);
  var low = vec4f(); // of rows 0 and 1: gate, up, gate, up
  var high = vec4f();
  for (var block = at.index; block < params.blocks; block += WORKGROUP_SIZE) {
    if (block >= WORKGROUP_SIZE) {
      blocks = load_blocks(first, block);
    }
    let activations = activations_at(x_row, block, scale);
    low.x += product(blocks.a, activations);
    low.y += product(blocks.b, activations);
    if (ROWS > 1u) {
      low.z += product(blocks.c, activations);
      low.w += product(blocks.d, activations);
    }
    if (ROWS > 2u) {
      high.x += product(blocks.e, activations);
      high.y += product(blocks.f, activations);
      high.z += product(blocks.g, activations);
      high.w += product(blocks.h, activations);
    }
  }
  var totals = sum4(low, at);
  if (ROWS > 2u) {
    let high_totals = sum4(high, at);
    totals = select(totals, high_totals, at.index >= 2u);
  }
  let row = first + at.index;
  if (at.index < ROWS && row < params.rows) {
    let i = params.out_offset + at.group.y * params.out_stride + row;
    let pair = select(totals.xy, totals.zw, (at.index & 1u) == 1u);
    out[i] = silu(pair.x) * pair.y;
  }
}
