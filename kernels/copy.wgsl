// copy: rows of 32-bit elements from one buffer to another, bit for bit; columns beyond from_columns become 0.
// from: [rows, from_columns]   to: [rows, to_columns]
// Grid: [ceil(to_columns / WORKGROUP_SIZE), rows].
override WORKGROUP_SIZE: u32 = 64;

struct Params {
  from_columns: u32,
  from_offset: u32,
  from_stride: u32,
  to_columns: u32,
  to_offset: u32,
  to_stride: u32,
}

@group(0) @binding(0) var<storage, read> source: array<u32>;
@group(0) @binding(1) var<storage, read_write> destination: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn copy(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.to_columns) {
    return;
  }
  var word = 0u;
  if (id.x < params.from_columns) {
    word = source[params.from_offset + id.y * params.from_stride + id.x];
  }
  destination[params.to_offset + id.y * params.to_stride + id.x] = word;
}
