// attention: causal grouped-query attention over a cache, for few rows. The keys that a row sees are split among workgroups.
// queries: [l, heads * HEAD_DIM] f32   keys, values: [slots, kv_heads * dim]   cursor: [1] u32
// partials, for attention_combine: [l, heads, splits] of what attention_split stores
// Grid: [heads / GROUP, splits, l].
struct Params {
  heads: u32,
  heads_per_kv: u32,
  splits: u32,
  num_meta_tokens: u32,
  ring_size: u32,
  lookback: u32,
  queries_offset: u32,
  queries_stride: u32,
  keys_offset: u32,
  keys_stride: u32,
  values_offset: u32,
  values_stride: u32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read> queries: array<f32>;
@group(0) @binding(3) var<storage, read> cursor: array<u32>;
@group(0) @binding(5) var<uniform> params: Params;

fn load_queries(index: u32, row: u32, first_head: u32) {
  for (var i = index; i < 4u * QUERY_QUADS; i += WORKGROUP_SIZE) {
    let dimension = i % (4u * KEY_QUADS);
    let start = params.queries_offset + row * params.queries_stride + (first_head + i / (4u * KEY_QUADS)) * HEAD_DIM + dimension;
    query[i / 4u][i % 4u] = select(0.0, queries[start], dimension < HEAD_DIM);
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn attention(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) group: vec3u) {
  let first_head = group.x * GROUP;
  let seen = visible_keys(cursor[0] + group.z);
  let share = split_share(seen.count, params.splits);
  let first = group.y * share;
  let end = min(first + share, seen.count);
  let kv_head = first_head / params.heads_per_kv;
  let ahead = load_keys(index, seen, kv_head, first, end);
  load_queries(index, group.z, first_head);
  workgroupBarrier();
  let split = attend_keys(index, ahead, seen, kv_head, first, end);
  let row = ((group.z * params.heads + first_head) * params.splits + group.y) * (VALUE_QUADS + 1u);
  store_split(index, split, row, params.splits * (VALUE_QUADS + 1u));
}
