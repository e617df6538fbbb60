// attention_tiled: attention for many rows. A workgroup serves the GROUP query heads of one key/value head in consecutive rows, up to
// 32 queries in all, and takes 16 keys at a time, with an online softmax for each query (arXiv:1805.02867).
// queries: [l, heads * HEAD_DIM] f32   keys, values: [slots, kv_heads * dim]   cursor: [1] u32   out: [l, heads * V_HEAD_DIM] f32
// Grid: [heads / GROUP, ceil(l / floor(32 / GROUP))].
override HEAD_DIM: u32 = 64;
override V_HEAD_DIM: u32 = 128;
override GROUP: u32 = 5; // at most 8
override KEY_QUADS: u32 = 16; // ceil(HEAD_DIM / 16) * 4, at most 16

struct Params {
  l: u32,
  heads: u32,
  heads_per_kv: u32,
  num_meta_tokens: u32,
  ring_size: u32,
  lookback: u32,
  queries_offset: u32,
  queries_stride: u32,
  keys_offset: u32,
  keys_stride: u32,
  values_offset: u32,
  values_stride: u32,
  out_offset: u32,
  out_stride: u32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read> queries: array<f32>;
@group(0) @binding(3) var<storage, read> cursor: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

fn load_queries(index: u32, first_row: u32, first_head: u32) {
  for (var i = index; i < QUERIES * 4u * KEY_QUADS; i += WORKGROUP_SIZE) {
    let dimension = i % (4u * KEY_QUADS);
    let slot = i / (4u * KEY_QUADS);
    let row = min(first_row + slot / GROUP, params.l - 1u);
    let start = params.queries_offset + row * params.queries_stride + (first_head + slot % GROUP) * HEAD_DIM;
    query_tile[slot][dimension / 4u][dimension % 4u] =
      select(0.0, queries[start + min(dimension, HEAD_DIM - 1u)], dimension < HEAD_DIM);
  }
}

fn store(slot: u32, first_row: u32, first_head: u32, lane: u32, sums: vec4f) {
  let row = first_row + slot / GROUP;
  if (slot / GROUP >= QUERIES / GROUP || row >= params.l) {
    return;
  }
  let outputs = sums / totals_of(slot);
  let start = params.out_offset + row * params.out_stride + (first_head + slot % GROUP) * V_HEAD_DIM + 4u * lane;
  for (var i = 0u; i < 4u; i++) {
    if (4u * lane + i < V_HEAD_DIM) {
      out[start + i] = outputs[i];
    }
  }
}

// A quad of each of four keys' values. Keys beyond the last repeat it, with a weight of 0.
fn values_at(key: u32, lane: u32) -> mat4x4f {
  let rows = vec4u(value_rows[key], value_rows[key + 1u], value_rows[key + 2u], value_rows[key + 3u]);
  return mat4x4f(value_quad(rows.x, lane), value_quad(rows.y, lane), value_quad(rows.z, lane), value_quad(rows.w, lane));
}

// They, weighed for each of four queries.
fn weighed(values: mat4x4f, key: u32, slot: u32) -> mat4x4f {
  return values * transpose(mat4x4f(
    weights_of(key, slot), weights_of(key + 1u, slot), weights_of(key + 2u, slot), weights_of(key + 3u, slot)));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn attention_tiled(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) group: vec3u) {
  let first_head = group.x * GROUP;
  let kv_head = first_head / params.heads_per_kv;
  let first_row = group.y * (QUERIES / GROUP);
  let first = cursor[0] + first_row;
  let seen = keys_of_rows(first, cursor[0] + min(first_row + QUERIES / GROUP, params.l) - 1u);
  let position = first + index % QUERIES / GROUP;
  load_queries(index, first_row, first_head);
  let lane = min(index % 32u, (V_HEAD_DIM + 3u) / 4u - 1u);
  let first_slot = index / 32u * 8u;
  var highest = LOWEST; // of this invocation's query
  var total = 0.0; // of its share of the keys
  var low = mat4x4f(); // of queries first_slot .. first_slot + 3
  var high = mat4x4f();
  for (var start = 0u; start < seen.count; start += TILE) {
    workgroupBarrier();
    load_keys(index, seen, start, kv_head);
    workgroupBarrier();
    score_keys(index);
    workgroupBarrier();
    let raised = max(highest, mask_scores(index, position, seen, start));
    let fade = exp(highest - raised);
    total = total * fade + weigh_scores(index, raised, fade);
    highest = raised;
    workgroupBarrier();
    let low_fade = fade_of(first_slot);
    let high_fade = fade_of(first_slot + 4u);
    low = mat4x4f(low[0] * low_fade.x, low[1] * low_fade.y, low[2] * low_fade.z, low[3] * low_fade.w);
    high = mat4x4f(high[0] * high_fade.x, high[1] * high_fade.y, high[2] * high_fade.z, high[3] * high_fade.w);
    for (var key = 0u; key < TILE; key += 8u) {
      let a = values_at(key, lane);
      let b = values_at(key + 4u, lane);
      low += weighed(a, key, first_slot) + weighed(b, key + 4u, first_slot);
      high += weighed(a, key, first_slot + 4u) + weighed(b, key + 4u, first_slot + 4u);
    }
  }
  workgroupBarrier();
  share_total(index, total);
  workgroupBarrier();
  store(first_slot, first_row, first_head, lane, low[0]);
  store(first_slot + 1u, first_row, first_head, lane, low[1]);
  store(first_slot + 2u, first_row, first_head, lane, low[2]);
  store(first_slot + 3u, first_row, first_head, lane, low[3]);
  store(first_slot + 4u, first_row, first_head, lane, high[0]);
  store(first_slot + 5u, first_row, first_head, lane, high[1]);
  store(first_slot + 6u, first_row, first_head, lane, high[2]);
  store(first_slot + 7u, first_row, first_head, lane, high[3]);
}
