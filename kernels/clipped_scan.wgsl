// clipped_scan: the selective scan of Edifice's encoder, whose A is -1, -2, ..., -d_state for every channel. Row t, channel c:
//   h[n] = exp(-(n + 1) delta[t, c]) h[n] + means[t] B[t, n] x[t, c];   out[t, c] = (sum over n of C[t, n] h[n]) silu(z[t, c])
// delta, x, z, out: [l, d_inner]   means: [l], those of delta's rows   bc: [l, 2 d_state], B before C
// state: [d_state, d_inner], read at t = 0 and left holding the last row's; all f32
// Grid: one invocation a channel.
override WORKGROUP_SIZE: u32 = 64;

struct Params {
  l: u32,
  d_inner: u32,
  d_state: u32,
  delta_offset: u32,
  delta_stride: u32,
  bc_offset: u32,
  bc_stride: u32,
  x_offset: u32,
  x_stride: u32,
  z_offset: u32,
  z_stride: u32,
  state_offset: u32,
  state_stride: u32,
  out_offset: u32,
  out_stride: u32,
}

@group(0) @binding(0) var<storage, read> delta: array<f32>;
@group(0) @binding(1) var<storage, read> means: array<f32>;
@group(0) @binding(2) var<storage, read> bc: array<f32>;
@group(0) @binding(3) var<storage, read> x: array<f32>;
@group(0) @binding(4) var<storage, read> z: array<f32>;
@group(0) @binding(5) var<storage, read_write> state: array<f32>;
@group(0) @binding(6) var<storage, read_write> out: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn clipped_scan(@builtin(global_invocation_id) id: vec3u) {
  let channel = id.x;
  if (channel >= params.d_inner) {
    return;
  }
  for (var t = 0u; t < params.l; t++) {
    let step = delta[params.delta_offset + t * params.delta_stride + channel];
    let input = means[t] * x[params.x_offset + t * params.x_stride + channel];
    let row = params.bc_offset + t * params.bc_stride;
    var y = 0.0;
    for (var n = 0u; n < params.d_state; n++) {
      let i = params.state_offset + n * params.state_stride + channel;
      let h = exp(-f32(n + 1u) * step) * state[i] + bc[row + n] * input;
      state[i] = h;
      y += bc[row + params.d_state + n] * h;
    }
    let gate = z[params.z_offset + t * params.z_stride + channel];
    out[params.out_offset + t * params.out_stride + channel] = y * silu(gate);
  }
}
