// attention_combine: joins the splits of attention: each one's weighted sum counts e^(its largest score) times.
// partials: [l, heads, splits, V_HEAD_DIM + 2] f32, see attention   out: [l, heads * V_HEAD_DIM] f32
// Grid: [heads, l], one invocation an element of the head.
override WORKGROUP_SIZE: u32 = 128; // at least V_HEAD_DIM
override V_HEAD_DIM: u32 = 128;

struct Params {
  heads: u32,
  splits: u32,
  out_offset: u32,
  out_stride: u32,
}

@group(0) @binding(0) var<storage, read> partials: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn attention_combine(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) group: vec3u) {
  if (index >= V_HEAD_DIM) {
    return;
  }
  let row_size = V_HEAD_DIM + 2u;
  let first = (group.y * params.heads + group.x) * params.splits * row_size;
  var highest = partials[first + V_HEAD_DIM];
  for (var split = 1u; split < params.splits; split++) {
    highest = max(highest, partials[first + split * row_size + V_HEAD_DIM]);
  }
  var sum = 0.0;
  var total = 0.0;
  for (var split = 0u; split < params.splits; split++) {
    let row = first + split * row_size;
    let weight = exp(partials[row + V_HEAD_DIM] - highest);
    sum += weight * partials[row + index];
    total += weight * partials[row + V_HEAD_DIM + 1u];
  }
  out[params.out_offset + group.y * params.out_stride + group.x * V_HEAD_DIM + index] = sum / total;
}
