// ssm_scan_rows: the recurrence of ssm_scan over many rows, its norms and dt's product done before. Row t:
//   delta = softplus(dt[t] + dt_bias);   h = exp(delta * A) * h + (delta * x[t]) B[t]^T;   y = (h C[t] + D * x[t]) * silu(z[t])
// dt, x, z, out: [l, d_inner]   b_c: [l, 2 d_state]: B, then C   A, state: [d_inner, d_state]   vectors: [dt_bias | D], all f32
// Grid: one workgroup for CHANNELS channels; LANES invocations share one, four states each, and stay on it over all rows.
override WORKGROUP_SIZE: u32 = 64;
override LANES: u32 = 4; // a power of two, at least d_state / 4
override CHANNELS: u32 = 16; // WORKGROUP_SIZE / LANES
override B_C: u32 = 512; // ROWS * 2 d_state
override ROW_CHANNELS: u32 = 256; // ROWS * CHANNELS
const ROWS = 16u; // at a time

struct Params {
  l: u32,
  d_inner: u32,
  d_state: u32,
  dt_offset: u32,
  dt_stride: u32,
  x_offset: u32,
  x_stride: u32,
  z_offset: u32,
  z_stride: u32,
  state_offset: u32,
  state_stride: u32,
  out_offset: u32,
  out_stride: u32,
}

@group(0) @binding(0) var<storage, read> dt: array<f32>;
@group(0) @binding(1) var<storage, read> b_c: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> z: array<f32>;
@group(0) @binding(4) var<storage, read> vectors: array<f32>;
@group(0) @binding(5) var<storage, read> A: array<f32>;
@group(0) @binding(6) var<storage, read_write> state: array<f32>;
@group(0) @binding(7) var<storage, read_write> out: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

var<workgroup> inputs: array<vec2f, ROW_CHANNELS>; // [ROWS, CHANNELS]: delta and x
var<workgroup> rows_b_c: array<f32, B_C>; // [ROWS, 2 d_state]
var<workgroup> products: array<f32, ROWS * WORKGROUP_SIZE>;

fn load_rows(index: u32, start: u32, first_channel: u32) {
  for (var i = index; i < ROW_CHANNELS; i += WORKGROUP_SIZE) {
    let t = min(start + i / CHANNELS, params.l - 1u);
    let channel = min(first_channel + i % CHANNELS, params.d_inner - 1u);
    let delta = softplus(dt[params.dt_offset + t * params.dt_stride + channel] + vectors[channel]);
    inputs[i] = vec2f(delta, x[params.x_offset + t * params.x_stride + channel]);
  }
  let width = 2u * params.d_state;
  for (var i = index; i < B_C; i += WORKGROUP_SIZE) {
    rows_b_c[i] = b_c[min(start * width + i, params.l * width - 1u)];
  }
}

// Four numbers from `i` on of which those beyond the last state are 0.
fn four_of(i: u32, n: u32) -> vec4f {
  let last = B_C - 1u;
  let four = vec4f(rows_b_c[i], rows_b_c[min(i + 1u, last)], rows_b_c[min(i + 2u, last)], rows_b_c[min(i + 3u, last)]);
  return select(vec4f(), four, n + vec4u(0u, 1u, 2u, 3u) < vec4u(params.d_state));
}

fn store_rows(index: u32, start: u32, first_channel: u32) {
  for (var i = index; i < ROW_CHANNELS; i += WORKGROUP_SIZE) {
    let t = start + i / CHANNELS;
    let channel = first_channel + i % CHANNELS;
    if (t < params.l && channel < params.d_inner) {
      var y = vectors[params.d_inner + channel] * inputs[i].y;
      for (var lane = 0u; lane < LANES; lane++) {
        y += products[i * LANES + lane];
      }
      out[params.out_offset + t * params.out_stride + channel] = y * silu(z[params.z_offset + t * params.z_stride + channel]);
    }
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn ssm_scan_rows(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) group: vec3u) {
  let first_channel = group.x * CHANNELS;
  let channel = min(first_channel + index / LANES, params.d_inner - 1u);
  let n = 4u * (index % LANES);
  let states = min(vec4u(n, n + 1u, n + 2u, n + 3u), vec4u(params.d_state - 1u));
  let a = channel * params.d_state + states;
  let at = params.state_offset + channel * params.state_stride + states;
  let rates = vec4f(A[a.x], A[a.y], A[a.z], A[a.w]);
  var h = vec4f(state[at.x], state[at.y], state[at.z], state[at.w]);
  for (var start = 0u; start < params.l; start += ROWS) {
    workgroupBarrier();
    load_rows(index, start, first_channel);
    workgroupBarrier();
    for (var row = 0u; row < min(ROWS, params.l - start); row++) {
      let input = inputs[row * CHANNELS + index / LANES];
      let b = 2u * row * params.d_state + n;
      h = exp(input.x * rates) * h + input.x * input.y * four_of(b, n);
      products[row * WORKGROUP_SIZE + index] = dot(h, four_of(b + params.d_state, n));
    }
    workgroupBarrier();
    store_rows(index, start, first_channel);
  }
  let inside = first_channel + index / LANES < params.d_inner;
  for (var i = 0u; i < 4u; i++) {
    if (inside && n + i < params.d_state) {
      state[at[i]] = h[i];
    }
  }
}
