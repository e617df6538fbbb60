// attend_and_project: what a mixer's branches (arXiv:2411.13676) make of in_proj's output, for one row: queries are rotated and meet
// the keys in splits of attention, the row's own key and value go into the cache, and x_proj multiplies the convolution's output.
// projected: in_proj's output, f32   keys, values: see write_cache_quads   cursor: [1] u32   frequencies: see rotated_quads
// weights: x_proj [rows, d_inner]   x: see operand
// partials: [ceil(rows / 4)] quads of x_proj's output, then [heads, all_splits] of what attention_split stores
// Grid: [heads / GROUP * all_splits + ceil(rows / ROWS)], where all_splits is splits and, for a layer that appends, one more.
struct Params {
  heads: u32,
  heads_per_kv: u32,
  splits: u32,
  all_splits: u32,
  num_meta_tokens: u32,
  ring_size: u32,
  lookback: u32,
  keys_offset: u32,
  keys_stride: u32,
  values_offset: u32,
  values_stride: u32,
  queries_quad: u32,
  keys_quad: u32,
  values_quad: u32,
  x_offset: u32,
  rows: u32,
  blocks: u32,
  scale: f32,
}

@group(0) @binding(3) var<storage, read> cursor: array<u32>;
@group(0) @binding(6) var<storage, read> projected: array<vec4f>;
@group(0) @binding(7) var<storage, read> frequencies: array<vec2u>;
@group(0) @binding(8) var<uniform> params: Params;

fn load_rotated_queries(index: u32, position: u32, first_head: u32) {
  for (var i = index; i < QUERY_QUADS / 2u; i += WORKGROUP_SIZE) {
    let head = i / (KEY_QUADS / 2u);
    let quad = i % (KEY_QUADS / 2u);
    let rotated = rotated_quads(params.queries_quad + (first_head + head) * KEY_QUADS, quad, position);
    query[head * KEY_QUADS + quad] = rotated[0];
    query[head * KEY_QUADS + quad + KEY_QUADS / 2u] = rotated[1];
  }
  workgroupBarrier();
}

fn attend(index: u32, first_head: u32, split: u32) {
  let position = cursor[0];
  let kv_head = first_head / params.heads_per_kv;
  let stride = params.all_splits * (VALUE_QUADS + 1u);
  let row = (params.rows + 3u) / 4u + first_head * stride + split * (VALUE_QUADS + 1u);
  let seen = visible_keys(position);
  let count = seen.count + params.splits - params.all_splits; // without the row's own key, where it has one
  let share = split_share(count, params.splits);
  let first = split * share;
  let end = min(first + share, count);
  let ahead = load_keys(index, seen, kv_head, first, end);
  load_rotated_queries(index, position, first_head);
  if (split == params.splits) {
    store_split(index, append_key(index, position, kv_head, first_head % params.heads_per_kv == 0u), row, stride);
  } else {
    store_split(index, attend_keys(index, ahead, seen, kv_head, first, end), row, stride);
  }
}

fn project(first: u32, at: Invocation) {
  let element = row_product(first, params.x_offset, at);
  let row = first + at.index;
  if (at.index < ROWS && row < params.rows) {
    partials[row / 4u][row % 4u] = element;
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn attend_and_project(at: Invocation, @builtin(workgroup_id) group: vec3u) {
  let head_groups = params.heads / GROUP;
  if (group.x < head_groups * params.all_splits) {
    attend(at.index, group.x % head_groups * GROUP, group.x / head_groups);
  } else {
    project((group.x - head_groups * params.all_splits) * ROWS, at);
  }
}
