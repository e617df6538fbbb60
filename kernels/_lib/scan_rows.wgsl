// scan_rows: what ssm_scan_rows brings to workgroup memory and back, ROWS rows of CHANNELS channels at a time; loads are written out by
// four, because what a loop loads in turn is waited for in turn.
override WORKGROUP_SIZE: u32 = 64;
override LANES: u32 = 4; // a power of two, at least d_state / 4
override CHANNELS: u32 = 16; // WORKGROUP_SIZE / LANES
override B_C: u32 = 128; // ROWS * 2 LANES
override ROW_CHANNELS: u32 = 256; // ROWS * CHANNELS
const ROWS = 16u;

var<workgroup> inputs: array<vec2f, ROW_CHANNELS>; // [ROWS, CHANNELS]: delta and x
var<workgroup> rows_b_c: array<vec4f, B_C>; // [ROWS, 2, LANES]
var<workgroup> products: array<f32, ROWS * WORKGROUP_SIZE>;

// Rows beyond the last have a delta of 0, which moves no state.
fn input_at(i: u32, start: u32, first_channel: u32) -> vec2f {
  let t = min(start + i / CHANNELS, params.l - 1u);
  let channel = min(first_channel + i % CHANNELS, params.d_inner - 1u);
  let delta = softplus(dt[params.dt_offset + t * params.dt_stride + channel] + vectors[channel]);
  let inside = start + i / CHANNELS < params.l;
  return vec2f(select(0.0, delta, inside), x[params.x_offset + t * params.x_stride + channel]);
}

// Four numbers of B or C, of which those beyond the last state are 0.
fn b_c_at(i: u32, start: u32) -> vec4f {
  let quad = b_c[min(start * 2u * LANES + i, params.l * 2u * LANES - 1u)];
  let n = vec4u(4u * (i % LANES)) + vec4u(0u, 1u, 2u, 3u);
  return select(vec4f(), quad, n < vec4u(params.d_state));
}

fn keep_input(i: u32, input: vec2f) {
  if (i < ROW_CHANNELS) {
    inputs[i] = input;
  }
}

fn keep_b_c(i: u32, quad: vec4f) {
  if (i < B_C) {
    rows_b_c[i] = quad;
  }
}

fn load_rows(index: u32, start: u32, first_channel: u32) {
  for (var i = index; i < ROW_CHANNELS; i += 4u * WORKGROUP_SIZE) {
    let a = input_at(i, start, first_channel);
    let b = input_at(i + WORKGROUP_SIZE, start, first_channel);
    let c = input_at(i + 2u * WORKGROUP_SIZE, start, first_channel);
    let d = input_at(i + 3u * WORKGROUP_SIZE, start, first_channel);
    let low = b_c_at(i, start);
    let high = b_c_at(i + WORKGROUP_SIZE, start);
    keep_input(i, a);
    keep_input(i + WORKGROUP_SIZE, b);
    keep_input(i + 2u * WORKGROUP_SIZE, c);
    keep_input(i + 3u * WORKGROUP_SIZE, d);
    keep_b_c(i, low);
    keep_b_c(i + WORKGROUP_SIZE, high);
  }
  for (var i = index + 2u * WORKGROUP_SIZE; i < B_C; i += WORKGROUP_SIZE) {
    rows_b_c[i] = b_c_at(i, start);
  }
}

// One row, whose products with C it leaves: the states after it.
fn advance(h: vec4f, rates: vec4f, index: u32, row: u32) -> vec4f {
  let input = inputs[row * CHANNELS + index / LANES];
  let quad = 2u * row * LANES + index % LANES;
  let moved = exp(input.x * rates) * h + input.x * input.y * rows_b_c[quad];
  products[row * WORKGROUP_SIZE + index] = dot(moved, rows_b_c[quad + LANES]);
  return moved;
}

fn z_at(i: u32, start: u32, first_channel: u32) -> f32 {
  let t = min(start + i / CHANNELS, params.l - 1u);
  return z[params.z_offset + t * params.z_stride + min(first_channel + i % CHANNELS, params.d_inner - 1u)];
}

fn store_row(i: u32, start: u32, first_channel: u32, gate: f32) {
  let t = start + i / CHANNELS;
  let channel = first_channel + i % CHANNELS;
  if (i < ROW_CHANNELS && t < params.l && channel < params.d_inner) {
    var y = vectors[params.d_inner + channel] * inputs[i].y;
    for (var lane = 0u; lane < LANES; lane++) {
      y += products[i * LANES + lane];
    }
    out[params.out_offset + t * params.out_stride + channel] = y * silu(gate);
  }
}

fn store_rows(index: u32, start: u32, first_channel: u32) {
  for (var i = index; i < ROW_CHANNELS; i += 4u * WORKGROUP_SIZE) {
    let a = z_at(i, start, first_channel);
    let b = z_at(i + WORKGROUP_SIZE, start, first_channel);
    let c = z_at(i + 2u * WORKGROUP_SIZE, start, first_channel);
    let d = z_at(i + 3u * WORKGROUP_SIZE, start, first_channel);
    store_row(i, start, first_channel, a);
    store_row(i + WORKGROUP_SIZE, start, first_channel, b);
    store_row(i + 2u * WORKGROUP_SIZE, start, first_channel, c);
    store_row(i + 3u * WORKGROUP_SIZE, start, first_channel, d);
  }
}
