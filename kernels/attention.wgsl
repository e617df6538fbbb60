// attention: causal grouped-query attention over a cache, for few rows. The keys that a row sees are split; a workgroup runs an
// online softmax (arXiv:1805.02867) over its split for GROUP query heads that read the same key/value head.
// queries: [l, heads * HEAD_DIM] f32   keys, values: [slots, kv_heads * dim]   cursor: [1] u32
// partials, for attention_combine: [l, heads, splits, VALUE_QUADS + 1] quads: the weighted sum of values, then the largest score and
// the sum of weights, which is 0 in a split without keys
// Grid: [heads / GROUP, splits, l].
override HEAD_DIM: u32 = 64;
override V_HEAD_DIM: u32 = 128;
override GROUP: u32 = 5; // at most 8
override KEY_QUADS: u32 = 16; // ceil(HEAD_DIM / 4)
override VALUE_QUADS: u32 = 32;
override VALUE_LANES: u32 = 32; // invocations that share a head's values: a power of two, at least VALUE_QUADS, at most 64
override STEP: u32 = 4; // WORKGROUP_SIZE / VALUE_LANES: heads at a time
override QUERY_QUADS: u32 = 80; // GROUP * KEY_QUADS, spelt out because naga accepts no products in the size of an array

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
@group(0) @binding(4) var<storage, read_write> partials: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

fn load_queries(index: u32, row: u32, first_head: u32) {
  for (var i = index; i < 4u * QUERY_QUADS; i += WORKGROUP_SIZE) {
    let dimension = i % (4u * KEY_QUADS);
    let start = params.queries_offset + row * params.queries_stride + (first_head + i / (4u * KEY_QUADS)) * HEAD_DIM + dimension;
    query[i / 4u][i % 4u] = select(0.0, queries[start], dimension < HEAD_DIM);
  }
}

fn store(group: vec3u, head: u32, lane: u32, sum: vec4f, highest: f32, total: f32) {
  if (head < GROUP) {
    let row = ((group.z * params.heads + group.x * GROUP + head) * params.splits + group.y) * (VALUE_QUADS + 1u);
    if (lane < VALUE_QUADS) {
      partials[row + lane] = sum;
    }
    if (lane == 0u) {
      partials[row + VALUE_QUADS] = vec4f(highest, total, 0.0, 0.0);
    }
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn attention(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) group: vec3u) {
  let kv_head = group.x * GROUP / params.heads_per_kv;
  let seen = visible_keys(cursor[0] + group.z);
  let share = TILE * ((seen.count + params.splits * TILE - 1u) / (params.splits * TILE));
  let end = min((group.y + 1u) * share, seen.count);
  load_queries(index, group.z, group.x * GROUP);
  workgroupBarrier();
  // An invocation sums one quad of the values for every STEP-th head.
  let lane = index % VALUE_LANES;
  let heads = index / VALUE_LANES + STEP * vec4u(0u, 1u, 2u, 3u);
  var highest = vec4f(LOWEST);
  var totals = vec4f();
  var sums = mat4x4f();
  for (var start = group.y * share; start < end; start += TILE) {
    let count = min(TILE, end - start);
    let i = start + min(index % TILE, count - 1u);
    score_tile(index, key_row(seen, i, kv_head), value_row(seen, i, kv_head), count);
    let raised = max(highest, highest_scores(heads));
    let fade = exp(highest - raised);
    sums = mat4x4f(sums[0] * fade.x, sums[1] * fade.y, sums[2] * fade.z, sums[3] * fade.w);
    totals *= fade;
    highest = raised;
    for (var quad = 0u; 4u * quad < count; quad += 4u) {
      let values = values_at(quad, min(lane, VALUE_QUADS - 1u));
      let x = weigh(values, heads.x, quad, highest.x);
      sums[0] += x.sum;
      totals.x += x.total;
      if (GROUP > STEP) {
        let y = weigh(values, heads.y, quad, highest.y);
        sums[1] += y.sum;
        totals.y += y.total;
      }
      if (GROUP > 2u * STEP) {
        let z = weigh(values, heads.z, quad, highest.z);
        let w = weigh(values, heads.w, quad, highest.w);
        sums[2] += z.sum;
        sums[3] += w.sum;
        totals += vec4f(0.0, 0.0, z.total, w.total);
      }
    }
  }
  store(group, heads.x, lane, sums[0], highest.x, totals.x);
  store(group, heads.y, lane, sums[1], highest.y, totals.y);
  store(group, heads.z, lane, sums[2], highest.z, totals.z);
  store(group, heads.w, lane, sums[3], highest.w, totals.w);
}
