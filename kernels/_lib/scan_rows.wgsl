// scan_rows: what ssm_scan_rows brings to workgroup memory and back, ROWS rows of CHANNELS channels at a time: an invocation up to four
// rows of one channel, LANES rows apart. Fetched before the rows at hand are computed, stored after them.
override WORKGROUP_SIZE: u32 = 64;
override LANES: u32 = 4; // a power of two, at least d_state / 4
override CHANNELS: u32 = 16; // WORKGROUP_SIZE / LANES
override ROWS: u32 = 16; // 4 LANES, at most 16
override B_C: u32 = 128; // ROWS * 2 LANES
override ROW_CHANNELS: u32 = 256; // ROWS * CHANNELS

var<workgroup> inputs: array<vec2f, ROW_CHANNELS>; // [ROWS, CHANNELS]: delta and x
var<workgroup> rows_b_c: array<vec4f, B_C>; // [ROWS, 2, LANES]
var<workgroup> products: array<f32, 16u * WORKGROUP_SIZE>; // [ROWS, CHANNELS, LANES]

// dt, x and z of four rows, two quads of B and C.
struct FetchedRows {
  dt: vec4f,
  x: vec4f,
  z: vec4f,
  low: vec4f,
  high: vec4f,
}

fn four_rows(index: u32, start: u32) -> vec4u {
  return vec4u(start + index / CHANNELS) + vec4u(0u, LANES, 2u * LANES, 3u * LANES);
}

// Rows beyond the last repeat it.
fn fetch_rows(index: u32, start: u32, channel: u32) -> FetchedRows {
  let t = min(four_rows(index, start), vec4u(params.l - 1u));
  let dt_at = params.dt_offset + t * params.dt_stride + channel;
  let x_at = params.x_offset + t * params.x_stride + channel;
  let z_at = params.z_offset + t * params.z_stride + channel;
  return FetchedRows(
    vec4f(dt[dt_at.x], dt[dt_at.y], dt[dt_at.z], dt[dt_at.w]),
    vec4f(x[x_at.x], x[x_at.y], x[x_at.z], x[x_at.w]),
    vec4f(z[z_at.x], z[z_at.y], z[z_at.z], z[z_at.w]),
    b_c_at(index, start),
    b_c_at(index + WORKGROUP_SIZE, start),
  );
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

// Rows beyond the last get a delta of 0, which moves no state.
fn keep_rows(index: u32, start: u32, fetched: FetchedRows, bias: f32) {
  let steps = fetched.dt + bias;
  let found = vec4f(softplus(steps.x), softplus(steps.y), softplus(steps.z), softplus(steps.w));
  let deltas = select(vec4f(), found, four_rows(index, start) < vec4u(params.l));
  keep_input(index, vec2f(deltas.x, fetched.x.x));
  keep_input(index + WORKGROUP_SIZE, vec2f(deltas.y, fetched.x.y));
  keep_input(index + 2u * WORKGROUP_SIZE, vec2f(deltas.z, fetched.x.z));
  keep_input(index + 3u * WORKGROUP_SIZE, vec2f(deltas.w, fetched.x.w));
  keep_b_c(index, fetched.low);
  keep_b_c(index + WORKGROUP_SIZE, fetched.high);
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

fn store_row(i: u32, t: u32, channel: u32, skip: f32, gate: f32) {
  if (i < ROW_CHANNELS && t < params.l && channel < params.d_inner) {
    var y = skip * inputs[i].y;
    for (var lane = 0u; lane < LANES; lane++) {
      y += products[i * LANES + lane];
    }
    out[params.out_offset + t * params.out_stride + channel] = y * silu(gate);
  }
}

fn store_rows(index: u32, start: u32, channel: u32, skip: f32, gates: vec4f) {
  let t = four_rows(index, start);
  store_row(index, t.x, channel, skip, gates.x);
  store_row(index + WORKGROUP_SIZE, t.y, channel, skip, gates.y);
  store_row(index + 2u * WORKGROUP_SIZE, t.z, channel, skip, gates.z);
  store_row(index + 3u * WORKGROUP_SIZE, t.w, channel, skip, gates.w);
}
