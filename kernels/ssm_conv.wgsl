// ssm_conv: causal depthwise convolution, then silu:
//   out[t] = silu(bias + sum_j weight[:, j] * x[t - (d_conv - 1) + j]), rows before the first from the state.
// x, out: [l, d_inner] f32   weight: [d_inner, d_conv]   bias: [d_inner]
// conv_state: [d_conv - 1, d_inner] f32, oldest row first, left holding the last d_conv - 1 rows of (state, x)
// Grid: [ceil(d_inner / WORKGROUP_SIZE), ceil(l / ROWS)]; ROWS >= d_conv - 1, so that the first row of workgroups alone reads
// the state, and may update it.
override WORKGROUP_SIZE: u32 = 64;
override ROWS: u32 = 16;

struct Params {
  l: u32,
  d_inner: u32,
  d_conv: u32,
  x_offset: u32,
  x_stride: u32,
  state_offset: u32,
  state_stride: u32,
  out_offset: u32,
  out_stride: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> conv_state: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

// Row `t` of (state, x), whose first d_conv - 1 rows are the state's.
fn input_at(t: u32, channel: u32) -> f32 {
  let before = params.d_conv - 1u;
  if (t < before) {
    return conv_state[params.state_offset + t * params.state_stride + channel];
  }
  return x[params.x_offset + (t - before) * params.x_stride + channel];
}

fn tap(t: u32, j: u32, channel: u32) -> f32 {
  let i = min(j, params.d_conv - 1u);
  return select(0.0, weight[channel * params.d_conv + i] * input_at(t + i, channel), j < params.d_conv);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn ssm_conv(@builtin(global_invocation_id) id: vec3u) {
  let channel = id.x;
  if (channel >= params.d_inner) {
    return;
  }
  for (var t = id.y * ROWS; t < min((id.y + 1u) * ROWS, params.l); t++) {
    var sums = vec4f(bias[channel], 0.0, 0.0, 0.0);
    for (var j = 0u; j < params.d_conv; j += 4u) {
      sums += vec4f(tap(t, j, channel), tap(t, j + 1u, channel), tap(t, j + 2u, channel), tap(t, j + 3u, channel));
    }
    out[params.out_offset + t * params.out_stride + channel] = silu(sums.x + sums.y + sums.z + sums.w);
  }
  if (id.y == 0u) {
    let before = params.d_conv - 1u;
    for (var j = 0u; j < before; j += 3u) {
      // All are read before one is written: with few rows they are each other's.
      let a = input_at(params.l + j, channel);
      let b = input_at(params.l + min(j + 1u, before - 1u), channel);
      let c = input_at(params.l + min(j + 2u, before - 1u), channel);
      conv_state[params.state_offset + j * params.state_stride + channel] = a;
      conv_state[params.state_offset + min(j + 1u, before - 1u) * params.state_stride + channel] = b;
      conv_state[params.state_offset + min(j + 2u, before - 1u) * params.state_stride + channel] = c;
    }
  }
}
