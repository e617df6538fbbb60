// ssm_scan: the selective scan of scan_channel, for few rows.
// dt_bc: [l, dt_rank + 2 d_state]   x, z, out: [l, d_inner]   vectors: see vector_at   all f32
// Grid: one workgroup for WORKGROUP_SIZE / LANES channels.
override WORKGROUP_SIZE: u32 = 256;

struct Params {
  l: u32,
  d_inner: u32,
  d_state: u32,
  dt_rank: u32,
  dt_bc_offset: u32,
  dt_bc_stride: u32,
  x_offset: u32,
  x_stride: u32,
  z_offset: u32,
  z_stride: u32,
  state_offset: u32,
  state_stride: u32,
  out_offset: u32,
  out_stride: u32,
  eps: f32,
}

@group(0) @binding(0) var<storage, read> dt_bc: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(6) var<storage, read> vectors: array<f32>;
@group(0) @binding(7) var<storage, read_write> out: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

fn dt_bc_at(t: u32, i: u32) -> f32 {
  return dt_bc[params.dt_bc_offset + t * params.dt_bc_stride + i];
}

fn vector_at(i: u32) -> f32 {
  return vectors[i];
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn ssm_scan(at: Invocation, @builtin(workgroup_id) group: vec3u) {
  let channel = group.x * (WORKGROUP_SIZE / LANES) + at.index / LANES;
  for (var t = 0u; t < params.l; t++) {
    let loaded = load_channel(channel, at.index);
    load_normed(t, at);
    let input = x[params.x_offset + t * params.x_stride + channel];
    let gate = z[params.z_offset + t * params.z_stride + channel];
    let y = scan_channel(channel, loaded, input, gate, at);
    if (channel < params.d_inner && at.index % LANES == 0u) {
      out[params.out_offset + t * params.out_stride + channel] = y;
    }
  }
}
