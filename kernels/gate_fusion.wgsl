// gate_fusion: x = x + gate * ssm + (1 - gate) * attention, elementwise, in place.
// gate, ssm, attention, x: [l, columns] f32
// Grid: [ceil(columns / WORKGROUP_SIZE), l].
override WORKGROUP_SIZE: u32 = 64;

struct Params {
  columns: u32,
  gate_offset: u32,
  gate_stride: u32,
  ssm_offset: u32,
  ssm_stride: u32,
  attention_offset: u32,
  attention_stride: u32,
  x_offset: u32,
  x_stride: u32,
}

@group(0) @binding(0) var<storage, read> gate: array<f32>;
@group(0) @binding(1) var<storage, read> ssm: array<f32>;
@group(0) @binding(2) var<storage, read> attention: array<f32>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn gate_fusion(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.columns) {
    return;
  }
  let share = gate[params.gate_offset + id.y * params.gate_stride + id.x];
  let from_ssm = share * ssm[params.ssm_offset + id.y * params.ssm_stride + id.x];
  let from_attention = (1.0 - share) * attention[params.attention_offset + id.y * params.attention_stride + id.x];
  x[params.x_offset + id.y * params.x_stride + id.x] += from_ssm + from_attention;
}
