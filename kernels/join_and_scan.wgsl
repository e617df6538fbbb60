// join_and_scan: the outputs of a mixer's two branches for one row, behind attend_and_project: attention's splits are joined, and the
// Mamba heads scan, which updates their states.
// partials, projected, conv_state: see attend_and_project   vectors: see convolved, and see vector_at
// branches: [attention (heads * V_HEAD_DIM) | ssm (d_inner)] f32
// Grid: [heads + d_inner / (WORKGROUP_SIZE / LANES)].
override WORKGROUP_SIZE: u32 = 256;

struct Params {
  heads: u32,
  splits: u32,
  d_inner: u32,
  d_state: u32,
  dt_rank: u32,
  u_quad: u32,
  z_quad: u32,
  conv_state_quad: u32,
  conv_state_stride: u32,
  state_offset: u32,
  state_stride: u32,
  eps: f32,
}

@group(0) @binding(1) var<storage, read> projected: array<vec4f>;
@group(0) @binding(2) var<storage, read> vectors: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> conv_state: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> branches: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

fn vector_quad(i: u32) -> vec4f {
  return vectors[i];
}

fn vector_at(i: u32) -> f32 {
  let at = 5u * params.d_inner + i;
  return vectors[at / 4u][at % 4u];
}

fn dt_bc_at(t: u32, i: u32) -> f32 {
  return partials[i / 4u][i % 4u];
}

fn join(index: u32, head: u32) {
  let first = (DT_BC + 3u) / 4u + head * params.splits * (VALUE_QUADS + 1u);
  let element = joined_element(index, first);
  if (index < V_HEAD_DIM) {
    branches[head * V_HEAD_DIM + index] = element;
  }
}

// Channels first to first + WORKGROUP_SIZE / LANES - 1, which are whole quads.
fn scan(first: u32, at: Invocation) {
  let channel = first + at.index / LANES;
  let quad = min(channel, params.d_inner - 1u) / 4u;
  let rows = conv_rows(quad);
  let x = convolved_quad(rows, quad)[channel % 4u];
  let z = projected[params.z_quad + quad][channel % 4u];
  let loaded = load_channel(channel, at.index);
  load_normed(0u, at);
  let y = scan_channel(channel, loaded, x, z, at);
  storageBarrier();
  if (channel < params.d_inner && at.index % LANES == 0u) {
    branches[params.heads * V_HEAD_DIM + channel] = y;
    if (channel % 4u == 0u) {
      let oldest = params.conv_state_quad + quad;
      conv_state[oldest] = rows[1];
      conv_state[oldest + params.conv_state_stride] = rows[2];
      conv_state[oldest + 2u * params.conv_state_stride] = rows[3];
    }
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn join_and_scan(at: Invocation, @builtin(workgroup_id) group: vec3u) {
  if (group.x < params.heads) {
    join(at.index, group.x);
  } else {
    scan((group.x - params.heads) * (WORKGROUP_SIZE / LANES), at);
  }
}
