// gated_linear_tiled: out = silu(x gate^T) * (x up^T) (arXiv:2002.05202), for many rows of x: linear_tiled over TILE / 2 rows of gate
// and the same of up.
// gate, up: [rows, blocks] blocks of [n, k], scales: [rows, blocks] f16 or unused   x: [l, quads] of [l, k] f32   out: [l, n] f32
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
@group(0) @binding(4) var<storage, read> x: array<vec4f>;
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

fn store_row(t: u32, row: u32, sums: Row) {
  store(t, row, sums.low.x, sums.high.x);
  store(t, row + 1u, sums.low.y, sums.high.y);
  store(t, row + 2u, sums.low.z, sums.high.z);
  store(t, row + 3u, sums.low.w, sums.high.w);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn gated_linear_tiled(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) group: vec3u) {
  first_weight = group.x * HALF;
  let sums = multiply_tile(index, group.y * TILE);
  let row = first_weight + 4u * weight_lane(index);
  let t = group.y * TILE + 4u * x_lane(index);
  store_row(t, row, sums.a);
  store_row(t + 1u, row, sums.b);
  store_row(t + 2u, row, sums.c);
  store_row(t + 3u, row, sums.d);
  store_row(t + HALF, row, sums.e);
  store_row(t + HALF + 1u, row, sums.f);
  store_row(t + HALF + 2u, row, sums.g);
  store_row(t + HALF + 3u, row, sums.h);
}
