// scan_channel: one step of the selective scan (Mamba, arXiv:2312.00752, Algorithm 2) with Hymba's inner norms and its gate:
//   [dt | B | C] = dt_bc, each RMS-normed;   delta = softplus(dt_proj dt + dt_bias)
//   h = exp(delta * A) * h + (delta * x) B^T;   y = (h C + D * x) * silu(z)
// LANES invocations share a channel's states and its row of dt_proj. dt_proj: [d_inner, dt_rank]   A, state: [d_inner, d_state]
// dt_bc_at(t, i): element of a row of dt_bc
// vector_at(i): [dt_norm (dt_rank) | b_norm (d_state) | c_norm (d_state) | dt_bias (d_inner) | D (d_inner)]
override DT_BC: u32 = 132; // dt_rank + 2 d_state
const LANES = 32u;

@group(0) @binding(3) var<storage, read> dt_proj: array<f32>;
@group(0) @binding(4) var<storage, read> A: array<f32>;
@group(0) @binding(5) var<storage, read_write> state: array<f32>;

var<workgroup> normed: array<f32, DT_BC>;
var<workgroup> lane_sums: array<vec4f, 64>;

// 0 for dt, 1 for B, 2 for C.
fn part_of(i: u32) -> u32 {
  return u32(i >= params.dt_rank) + u32(i >= params.dt_rank + params.d_state);
}

// Norms row `t`. Every invocation calls.
fn load_normed(t: u32, at: Invocation) {
  var squares = vec4f();
  for (var i = at.index; i < DT_BC; i += WORKGROUP_SIZE) {
    let value = dt_bc_at(t, i);
    let square = value * value;
    squares += select(vec4f(), vec4f(square), vec4u(0u, 1u, 2u, 3u) == vec4u(part_of(i)));
  }
  let sizes = vec3f(f32(params.dt_rank), f32(params.d_state), f32(params.d_state));
  let scales = 1.0 / sqrt(sum4(squares, at).xyz / sizes + params.eps);
  for (var i = at.index; i < DT_BC; i += WORKGROUP_SIZE) {
    normed[i] = vector_at(i) * dt_bc_at(t, i) * scales[part_of(i)];
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

// What a channel's step reads that its inputs do not decide: at this lane, so that it is under way before they are known.
struct Channel {
  dt_weights: vec4f, // of columns lane, lane + LANES, ... of dt_proj
  rate: f32, // A
  h: f32,
}

fn dt_weight(channel: u32, i: u32) -> f32 {
  return select(0.0, dt_proj[channel * params.dt_rank + min(i, params.dt_rank - 1u)], i < params.dt_rank);
}

fn dt_weights(channel: u32, i: u32) -> vec4f {
  return vec4f(
    dt_weight(channel, i),
    dt_weight(channel, i + LANES),
    dt_weight(channel, i + 2u * LANES),
    dt_weight(channel, i + 3u * LANES),
  );
}

fn load_channel(channel: u32, index: u32) -> Channel {
  let lane = index % LANES;
  let inside = min(channel, params.d_inner - 1u);
  let n = min(lane, params.d_state - 1u);
  let h = state[params.state_offset + inside * params.state_stride + n];
  return Channel(dt_weights(inside, lane), A[inside * params.d_state + n], h);
}

fn dt_product(weights: vec4f, i: u32) -> f32 {
  let columns = min(i + LANES * vec4u(0u, 1u, 2u, 3u), vec4u(params.dt_rank - 1u));
  return dot(weights, vec4f(normed[columns.x], normed[columns.y], normed[columns.z], normed[columns.w]));
}

// One state's step; what it adds to y.
fn step_state(channel: u32, n: u32, rate: f32, h: f32, delta: f32, x: f32) -> f32 {
  let B = normed[params.dt_rank + n];
  let C = normed[params.dt_rank + params.d_state + n];
  let next = exp(delta * rate) * h + delta * x * B;
  state[params.state_offset + channel * params.state_stride + n] = next;
  return next * C;
}

// y of a channel for input x and gate z, after load_normed, at each of the channel's invocations. Every invocation calls.
fn scan_channel(channel: u32, loaded: Channel, x: f32, z: f32, at: Invocation) -> f32 {
  let lane = at.index % LANES;
  let inside = channel < params.d_inner;
  var product = dt_product(loaded.dt_weights, lane);
  for (var i = lane + 4u * LANES; inside && i < params.dt_rank; i += 4u * LANES) {
    product += dt_product(dt_weights(channel, i), i);
  }
  let delta = softplus(sum_lanes(product, at.index) + vector_at(DT_BC + channel));
  var y = 0.0;
  if (inside && lane < params.d_state) {
    y = step_state(channel, lane, loaded.rate, loaded.h, delta, x);
  }
  for (var n = lane + LANES; inside && n < params.d_state; n += LANES) {
    let h = state[params.state_offset + channel * params.state_stride + n];
    y += step_state(channel, n, A[channel * params.d_state + n], h, delta, x);
  }
  return (sum_lanes(y, at.index) + vector_at(DT_BC + params.d_inner + channel) * x) * silu(z);
}
