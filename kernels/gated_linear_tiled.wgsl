// gated_linear_tiled: out = silu(x gate^T) * (x up^T) (arXiv:2002.05202), for many rows of x: linear_tiled over TILE / 2 rows of gate
// and the same of up.
// gate, up: [rows, blocks] blocks of [n, k], scales: [rows, blocks] f16 or unused   x: [l, k]   out: [l, n] f32
// Grid: [ceil(rows / HALF), ceil(l / TILE)].
const HALF = TILE / 2u;

struct Params {
  l: u32,
  rows: u32,
  blocks: u32,
  quads: u32,
  x_offset: u32,
  x_stride: u32,
  out_offset: u32,
  out_stride: u32,
}

@group(0) @binding(0) var<storage, read> gate: array<Block>;
@group(0) @binding(1) var<storage, read> gate_scales: array<u32>;
@group(0) @binding(2) var<storage, read> up: array<Block>;
@group(0) @binding(3) var<storage, read> up_scales: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

var<private> first_weight: u32;

fn weight_index(row: u32, block: u32) -> u32 {
  return min(first_weight + row % HALF, params.rows - 1u) * params.blocks + block;
}

fn weight_block(row: u32, block: u32) -> Block {
  if (row < HALF) {
    return gate[weight_index(row, block)];
  }
  return up[weight_index(row, block)];
}

fn weight_scale(row: u32, block: u32) -> f32 {
  if (!HAS_SCALES) {
    return 1.0;
  }
  let i = weight_index(row, block);
  if (row < HALF) {
    return scale_at(gate_scales[i / 2u], i);
  }
  return scale_at(up_scales[i / 2u], i);
}

fn store(t: u32, row: u32, gate_sum: f32, up_sum: f32) {
  if (t < params.l && row < params.rows) {
    out[params.out_offset + t * params.out_stride + row] = silu(gate_sum) * up_sum;
  }
}

// Products of row t of x: with rows row .. row + 3 of gate's in the tile, and with the same of up's.
fn keep(t: u32, row: u32, low: vec4f, high: vec4f) {
  let first = first_weight + row;
  store(t, first, low.x, high.x);
  store(t, first + 1u, low.y, high.y);
  store(t, first + 2u, low.z, high.z);
  store(t, first + 3u, low.w, high.w);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn gated_linear_tiled(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) group: vec3u) {
  first_weight = group.x * HALF;
  multiply_tile(index, group.y * TILE, 0u, params.quads);
}
