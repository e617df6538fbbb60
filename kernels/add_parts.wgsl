// add_parts: out = the sum of a product's parts (+ out).
// parts: [parts, l, rows] f32   out: [l, n] f32
// Grid: [ceil(rows / 64), l].
override ACCUMULATE: bool = false;
const WORKGROUP_SIZE = 64u;

struct Params {
  rows: u32,
  parts: u32,
  part_stride: u32,
  out_offset: u32,
  out_stride: u32,
}

@group(0) @binding(0) var<storage, read> parts: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn add_parts(@builtin(global_invocation_id) at: vec3u) {
  if (at.x >= params.rows) {
    return;
  }
  let i = params.out_offset + at.y * params.out_stride + at.x;
  var sum = 0.0;
  if (ACCUMULATE) {
    sum = out[i];
  }
  for (var part = 0u; part < params.parts; part++) {
    sum += parts[part * params.part_stride + at.y * params.rows + at.x];
  }
  out[i] = sum;
}
