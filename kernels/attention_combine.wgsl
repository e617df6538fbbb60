// attention_combine: joins the splits of attention.
// partials: [l, heads, splits] of what attention_split stores   out: [l, heads * V_HEAD_DIM] f32
// Grid: [heads, l].
override WORKGROUP_SIZE: u32 = 256;

struct Params {
  heads: u32,
  splits: u32,
  out_offset: u32,
  out_stride: u32,
}

@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn attention_combine(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) group: vec3u) {
  let first = (group.y * params.heads + group.x) * params.splits * (VALUE_QUADS + 1u);
  let element = joined_element(index, first);
  if (index < V_HEAD_DIM) {
    out[params.out_offset + group.y * params.out_stride + group.x * V_HEAD_DIM + index] = element;
  }
}
