// clipped_steps: the step sizes of clipped_scan, in place, and their means:
//   dt[t] = clip(softplus(dt[t] + dt_bias), 0.001, 0.1);   means[t] = mean(dt[t])
// dt: [l, d_inner] f32   dt_bias: [d_inner] f32   means: [l] f32
// Grid: one workgroup a row.
override WORKGROUP_SIZE: u32 = 256;

struct Params {
  d_inner: u32,
  dt_offset: u32,
  dt_stride: u32,
}

@group(0) @binding(0) var<storage, read> dt_bias: array<f32>;
@group(0) @binding(1) var<storage, read_write> dt: array<f32>;
@group(0) @binding(2) var<storage, read_write> means: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn clipped_steps(at: Invocation, @builtin(workgroup_id) group: vec3u) {
  let row = params.dt_offset + group.x * params.dt_stride;
  var sum = 0.0;
  for (var channel = at.index; channel < params.d_inner; channel += WORKGROUP_SIZE) {
    let delta = clamp(softplus(dt[row + channel] + dt_bias[channel]), 0.001, 0.1);
    dt[row + channel] = delta;
    sum += delta;
  }
  let total = sum1(sum, at);
  if (at.index == 0u) {
    means[group.x] = total / f32(params.d_inner);
  }
}
