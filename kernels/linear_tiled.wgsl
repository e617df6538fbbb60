// linear_tiled: out = x weight^T (+ out), for many rows of x, in float32 whatever the weights are; the caller has rounded x where
// they are quantised.
// weights: [rows, blocks] blocks of [n, k], scales: [rows, blocks] f16 or unused   x: [l, quads] of [l, k] f32   out: [l, n] f32
// Grid: [ceil(rows / TILE), ceil(l / TILE)].
const HALF = TILE / 2u;
override ACCUMULATE: bool = false;

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

@group(0) @binding(0) var<storage, read> weights: array<Block>;
@group(0) @binding(1) var<storage, read> scales: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

var<private> first_weight: u32;

fn weight_index(row: u32, block: u32) -> u32 {
  return min(first_weight + row, params.rows - 1u) * params.blocks + block;
}

fn weight_block(row: u32, block: u32) -> Block {
  return weights[weight_index(row, block)];
}

fn weight_scale(row: u32, block: u32) -> f32 {
  if (HAS_SCALES) {
    let i = weight_index(row, block);
    return scale_at(scales[i / 2u], i);
  }
  return 1.0;
}

fn store(t: u32, row: u32, sum: f32) {
  if (t < params.l && row < params.rows) {
    let i = params.out_offset + t * params.out_stride + row;
    if (ACCUMULATE) {
      out[i] += sum;
    } else {
      out[i] = sum;
    }
  }
}

fn store_row(t: u32, row: u32, sums: Row) {
  store(t, row, sums.low.x);
  store(t, row + 1u, sums.low.y);
  store(t, row + 2u, sums.low.z);
  store(t, row + 3u, sums.low.w);
  store(t, row + HALF, sums.high.x);
  store(t, row + HALF + 1u, sums.high.y);
  store(t, row + HALF + 2u, sums.high.z);
  store(t, row + HALF + 3u, sums.high.w);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn linear_tiled(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) group: vec3u) {
  first_weight = group.x * TILE;
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
