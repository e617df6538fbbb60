// ssm_scan: selective scan (Mamba, arXiv:2312.00752, Algorithm 2) with Hymba's inner norms and its gate, for few rows. Row t:
//   [dt | B | C] = dt_bc[t], each RMS-normed;   delta = softplus(dt_proj dt + dt_bias)
//   h = exp(delta * A) * h + (delta * x[t]) B^T;   y = (h C + D * x[t]) * silu(z[t])
// dt_bc: [l, dt_rank + 2 d_state]   x, z, out: [l, d_inner]   dt_proj: [d_inner, dt_rank]   A, state: [d_inner, d_state]
// vectors: [dt_norm (dt_rank) | b_norm (d_state) | c_norm (d_state) | dt_bias (d_inner) | D (d_inner)], all f32
// Grid: one workgroup for WORKGROUP_SIZE / LANES channels; LANES invocations share a channel's states and its row of dt_proj.
override WORKGROUP_SIZE: u32 = 256;
const LANES = 32u;
override DT_BC: u32 = 132; // dt_rank + 2 d_state

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
@group(0) @binding(3) var<storage, read> vectors: array<f32>;
@group(0) @binding(4) var<storage, read> dt_proj: array<f32>;
@group(0) @binding(5) var<storage, read> A: array<f32>;
@group(0) @binding(6) var<storage, read_write> state: array<f32>;
@group(0) @binding(7) var<storage, read_write> out: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

var<workgroup> normed: array<f32, DT_BC>;
var<workgroup> lane_sums: array<vec4f, WORKGROUP_SIZE / 4>;

// 0 for dt, 1 for B, 2 for C.
fn part_of(i: u32) -> u32 {
  return u32(i >= params.dt_rank) + u32(i >= params.dt_rank + params.d_state);
}

fn load_normed(t: u32, at: Invocation) {
  let row = params.dt_bc_offset + t * params.dt_bc_stride;
  var squares = vec4f();
  for (var i = at.index; i < DT_BC; i += WORKGROUP_SIZE) {
    let square = dt_bc[row + i] * dt_bc[row + i];
    squares += select(vec4f(), vec4f(square), vec4u(0u, 1u, 2u, 3u) == vec4u(part_of(i)));
  }
  let sizes = vec3f(f32(params.dt_rank), f32(params.d_state), f32(params.d_state));
  let scales = 1.0 / sqrt(sum4(squares, at).xyz / sizes + params.eps);
  for (var i = at.index; i < DT_BC; i += WORKGROUP_SIZE) {
    normed[i] = vectors[i] * dt_bc[row + i] * scales[part_of(i)];
  }
  workgroupBarrier();
}

// The sum over the lanes of this invocation's channel. Every invocation calls.
fn sum_lanes(value: f32, index: u32) -> f32 {
  lane_sums[index / 4u][index % 4u] = value;
  workgroupBarrier();
  let i = index / LANES * (LANES / 4u);
  let low = lane_sums[i] + lane_sums[i + 1u] + lane_sums[i + 2u] + lane_sums[i + 3u];
  let sums = low + lane_sums[i + 4u] + lane_sums[i + 5u] + lane_sums[i + 6u] + lane_sums[i + 7u];
  workgroupBarrier();
  return sums.x + sums.y + sums.z + sums.w;
}

fn dt_product(channel: u32, i: u32) -> f32 {
  let column = min(i, params.dt_rank - 1u);
  return select(0.0, dt_proj[channel * params.dt_rank + column] * normed[column], i < params.dt_rank);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn ssm_scan(at: Invocation) {
  let lane = at.index % LANES;
  let channel = at.group.x * (WORKGROUP_SIZE / LANES) + at.index / LANES;
  let inside = channel < params.d_inner;
  for (var t = 0u; t < params.l; t++) {
    load_normed(t, at);
    var products = vec4f();
    for (var i = lane; inside && i < params.dt_rank; i += 4u * LANES) {
      products += vec4f(
        dt_product(channel, i),
        dt_product(channel, i + LANES),
        dt_product(channel, i + 2u * LANES),
        dt_product(channel, i + 3u * LANES),
      );
    }
    let product = sum_lanes(products.x + products.y + products.z + products.w, at.index);
    let delta = softplus(product + vectors[DT_BC + channel]);
    let input = x[params.x_offset + t * params.x_stride + channel];
    let gate = z[params.z_offset + t * params.z_stride + channel];
    var y = 0.0;
    for (var n = lane; inside && n < params.d_state; n += LANES) {
      let i = params.state_offset + channel * params.state_stride + n;
      let B = normed[params.dt_rank + n];
      let C = normed[params.dt_rank + params.d_state + n];
      let h = exp(delta * A[channel * params.d_state + n]) * state[i] + delta * input * B;
      state[i] = h;
      y += h * C;
    }
    y = sum_lanes(y, at.index);
    if (inside && lane == 0u) {
      y += vectors[DT_BC + params.d_inner + channel] * input;
      out[params.out_offset + t * params.out_stride + channel] = y * silu(gate);
    }
  }
}
