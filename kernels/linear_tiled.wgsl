// linear_tiled: out = x weight^T (+ out), for many rows of x, as exact as float32 whatever the weights are; the caller has rounded x
// where they are quantised.
// weights: [rows, blocks] blocks of [n, k], scales: [rows, blocks] f16 or unused   x: [l, k], see the library that makes the products
// out: [l, n] f32, for each part of part_quads quads of columns
// Grid: [ceil(rows / TILE), ceil(l / TILE), parts].
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
  part_quads: u32,
  part_stride: u32,
}

@group(0) @binding(0) var<storage, read> weights: array<Block>;
@group(0) @binding(1) var<storage, read> scales: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

var<private> first_weight: u32;
var<private> first_out: u32;

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
    let i = first_out + t * params.out_stride + row;
    if (ACCUMULATE) {
      out[i] += sum;
    } else {
      out[i] = sum;
    }
  }
}

// Products of row t of x: with weights row .. row + 3 of the tile, and with those as far into its second half.
fn keep(t: u32, row: u32, low: vec4f, high: vec4f) {
  let first = first_weight + row;
  store(t, first, low.x);
  store(t, first + 1u, low.y);
  store(t, first + 2u, low.z);
  store(t, first + 3u, low.w);
  store(t, first + HALF, high.x);
  store(t, first + HALF + 1u, high.y);
  store(t, first + HALF + 2u, high.z);
  store(t, first + HALF + 3u, high.w);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn linear_tiled(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) group: vec3u) {
  first_weight = group.x * TILE;
  first_out = params.out_offset + group.z * params.part_stride;
  let start = group.z * params.part_quads;
  multiply_tile(index, group.y * TILE, start, min(start + params.part_quads, params.quads));
}
