// join_and_scan: the outputs of a mixer's two branches for one row, behind attend_and_project: attention's splits are joined, and the
// Mamba heads scan, which updates their states.
// partials, projected, x: see attend_and_project   vectors: see vector_at
// branches: [attention (heads * V_HEAD_DIM) | ssm (d_inner)] f32
// Grid: [heads + d_inner / (WORKGROUP_SIZE / LANES)].
override WORKGROUP_SIZE: u32 = 256;

struct Params {
  heads: u32,
  splits: u32,
  d_inner: u32,
  d_state: u32,
  dt_rank: u32,
  x_offset: u32,
  z_offset: u32,
  state_offset: u32,
  state_stride: u32,
  eps: f32,
}

@group(0) @binding(1) var<storage, read> projected: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(6) var<storage, read> vectors: array<f32>;
@group(0) @binding(7) var<storage, read_write> branches: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

fn vector_at(i: u32) -> f32 {
  return vectors[i];
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

fn scan(channel: u32, at: Invocation) {
  let inside = min(channel, params.d_inner - 1u);
  let input = x[params.x_offset + inside];
  let gate = projected[params.z_offset + inside];
  let loaded = load_channel(channel, at.index);
  load_normed(0u, at);
  let y = scan_channel(channel, loaded, input, gate, at);
  if (channel < params.d_inner && at.index % LANES == 0u) {
    branches[params.heads * V_HEAD_DIM + channel] = y;
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn join_and_scan(at: Invocation, @builtin(workgroup_id) group: vec3u) {
  if (group.x < params.heads) {
    join(at.index, group.x);
  } else {
    scan((group.x - params.heads) * (WORKGROUP_SIZE / LANES) + at.index / LANES, at);
  }
}
