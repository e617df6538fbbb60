// attention_tiled: attention for many rows. A workgroup serves the GROUP query heads of one key/value head in consecutive rows, up to
// 32 queries in all, and takes 16 keys at a time, with an online softmax for each query (arXiv:1805.02867).
// queries: [l, heads * HEAD_DIM] f32   keys, values: [slots, kv_heads * dim]   cursor: [1] u32   out: [l, heads * V_HEAD_DIM] f32
// Grid: [heads / GROUP, ceil(l / floor(32 / GROUP))].
override HEAD_DIM: u32 = 64;
override V_HEAD_DIM: u32 = 128;
override GROUP: u32 = 5; // at most 8
override KEY_QUADS: u32 = 16; // ceil(HEAD_DIM / 16) * 4, at most 16
override VALUE_QUADS: u32 = 32; // ceil(V_HEAD_DIM / 4), at most 32

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
    query_tile[slot / 4u + slot % 4u * 8u][dimension / 4u][dimension % 4u] =
      select(0.0, queries[start + min(dimension, HEAD_DIM - 1u)], dimension < HEAD_DIM);
  }
}

fn store_quad(start: u32, quad: u32, outputs: vec4f) {
  for (var i = 0u; i < 4u; i++) {
    if (4u * quad + i < V_HEAD_DIM) {
      out[start + 4u * quad + i] = outputs[i];
    }
  }
}

fn store(slot: u32, first_row: u32, first_head: u32, lane: u32, sums: vec4f, far: vec4f) {
  let row = first_row + slot / GROUP;
  if (slot / GROUP < QUERIES / GROUP && row < params.l) {
    let total = halves[slot] + halves[slot + QUERIES];
    let start = params.out_offset + row * params.out_stride + (first_head + slot % GROUP) * V_HEAD_DIM;
    store_quad(start, lane, sums / total);
    store_quad(start, lane + 16u, far / total);
  }
}

fn store_four(slot: u32, first_row: u32, first_head: u32, lane: u32, sums: FourSums, far: FourSums) {
  store(slot, first_row, first_head, lane, sums.a, far.a);
  store(slot + 1u, first_row, first_head, lane, sums.b, far.b);
  store(slot + 2u, first_row, first_head, lane, sums.c, far.c);
  store(slot + 3u, first_row, first_head, lane, sums.d, far.d);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn attention_tiled(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) group: vec3u) {
  let first_head = group.x * GROUP;
  let kv_head = first_head / params.heads_per_kv;
  let first_row = group.y * (QUERIES / GROUP);
  let first = cursor[0] + first_row;
  let seen = keys_of_rows(first, cursor[0] + min(first_row + QUERIES / GROUP, params.l) - 1u);
  load_queries(index, first_row, first_head);
  let slot = index % QUERIES; // whose scores this invocation weighs
  let position = first + slot / GROUP;
  let key = index / QUERIES * 8u;
  let first_slot = index / 16u * 8u; // of those whose values it sums up
  let lane = index % 16u;
  var highest = LOWEST;
  var total = 0.0; // of its share of the keys
  var sums: OutputSums;
  for (var start = 0u; start < seen.count; start += TILE) {
    workgroupBarrier();
    load_keys(index, seen, start, kv_head);
    workgroupBarrier();
    score_keys(index);
    workgroupBarrier();
    let half = HalfScores(
      masked_scores(slot, position, seen, start, key), masked_scores(slot, position, seen, start, key + 4u));
    let raised = max(highest, largest_of_both(index, half));
    let fade = exp(highest - raised);
    total = total * fade + keep_weights(slot, key, half.low, raised) + keep_weights(slot, key + 4u, half.high, raised);
    highest = raised;
    if (index < QUERIES) {
      fades[slot / 4u][slot % 4u] = fade;
    }
    workgroupBarrier();
    sums = fade_sums(sums, fades[first_slot / 4u], fades[first_slot / 4u + 1u]);
    for (var i = 0u; i < TILE; i += 8u) {
      sums = add_four_keys(sums, i, first_slot, lane);
      sums = add_four_keys(sums, i + 4u, first_slot, lane);
    }
  }
  workgroupBarrier();
  halves[index] = total;
  workgroupBarrier();
  store_four(first_slot, first_row, first_head, lane, sums.low, sums.far_low);
  store_four(first_slot + 4u, first_row, first_head, lane, sums.high, sums.far_high);
}
