// copy_f16: rows of f16 elements from one buffer to another, bit for bit, at any offset: an invocation owns a word of the
// destination and keeps the half of it that is not copied to.
// from, to: [rows, columns] f16, two elements a word
// Grid: [ceil((columns / 2 + 1) / WORKGROUP_SIZE), rows]; rows do not share words, since strides are even.
override WORKGROUP_SIZE: u32 = 64;

struct Params {
  columns: u32,
  from_offset: u32,
  from_stride: u32,
  to_offset: u32,
  to_stride: u32,
}

@group(0) @binding(0) var<storage, read> source: array<u32>;
@group(0) @binding(1) var<storage, read_write> destination: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn copy_f16(@builtin(global_invocation_id) id: vec3u) {
  let from_row = params.from_offset + id.y * params.from_stride;
  let to_row = params.to_offset + id.y * params.to_stride;
  let target_word = to_row / 2u + id.x;
  if (2u * target_word >= to_row + params.columns) {
    return;
  }
  var word = destination[target_word];
  for (var half = 0u; half < 2u; half++) {
    let element = 2u * target_word + half;
    if (element >= to_row && element < to_row + params.columns) {
      let i = from_row + element - to_row;
      let bits = (source[i / 2u] >> (16u * (i & 1u))) & 0xffffu;
      word = (word & (0xffff0000u >> (16u * half))) | (bits << (16u * half));
    }
  }
  destination[target_word] = word;
}
