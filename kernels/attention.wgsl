// attention: causal grouped-query attention over a cache, for few rows. The keys that a row sees are split; a workgroup runs an
// online softmax (arXiv:1805.02867) over its split for GROUP query heads that read the same key/value head.
// queries: [l, heads * HEAD_DIM] f32   keys, values: [slots, kv_heads * dim]   cursor: [1] u32
// partials, for attention_combine: [l, heads, splits, VALUE_QUADS + 1] quads: the weighted sum of values, then the largest score and
// the sum of weights, which is 0 in a split without keys
// Grid: [heads / GROUP, splits, l].
override WORKGROUP_SIZE: u32 = 128; // a multiple of TILE and of VALUE_LANES
override HEAD_DIM: u32 = 64;
override V_HEAD_DIM: u32 = 128;
override GROUP: u32 = 5; // at most 8
override KEY_QUADS: u32 = 16; // ceil(HEAD_DIM / 4)
override VALUE_QUADS: u32 = 32;
override VALUE_LANES: u32 = 32; // invocations that share a key's value: a power of two, at least VALUE_QUADS
override QUERY_QUADS: u32 = 80; // GROUP * KEY_QUADS, spelt out because naga accepts no products there

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

@compute @workgroup_size(WORKGROUP_SIZE)
fn attention(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) group: vec3u) {
  let kv_head = group.x * GROUP / params.heads_per_kv;
  let seen = visible_keys(cursor[0] + group.z);
  let share = TILE * ((seen.count + params.splits * TILE - 1u) / (params.splits * TILE));
  let end = min((group.y + 1u) * share, seen.count);
  load_queries(index, group.z, group.x * GROUP);
  workgroupBarrier();
  let lane = min(index % VALUE_LANES, VALUE_QUADS - 1u);
  let step = WORKGROUP_SIZE / VALUE_LANES;
  var highest = Heads(vec4f(LOWEST), vec4f(LOWEST));
  var totals = Heads();
  var low = mat4x4f();
  var high = mat4x4f();
  for (var start = group.y * share; start < end; start += TILE) {
    let count = min(TILE, end - start);
    score_tile(index, key_row(seen, start + min(index % TILE, count - 1u), kv_head), count);
    let a = highest_heads(tile_highest[0], tile_highest[1]);
    let b = highest_heads(tile_highest[2], tile_highest[3]);
    let raised = highest_heads(highest, highest_heads(a, b));
    if (index < TILE) {
      tile[index] = Heads(exp(tile[index].low - raised.low), exp(tile[index].high - raised.high));
    }
    let fade = Heads(exp(highest.low - raised.low), exp(highest.high - raised.high));
    low = mat4x4f(low[0] * fade.low.x, low[1] * fade.low.y, low[2] * fade.low.z, low[3] * fade.low.w);
    high = mat4x4f(high[0] * fade.high.x, high[1] * fade.high.y, high[2] * fade.high.z, high[3] * fade.high.w);
    totals = Heads(totals.low * fade.low, totals.high * fade.high);
    highest = raised;
    workgroupBarrier();
    for (var key = index / VALUE_LANES; key < count; key += 4u * step) {
      // Keys beyond the last repeat it, with a weight of 0.
      let picked = min(key + step * vec4u(0u, 1u, 2u, 3u), vec4u(count - 1u));
      let inside = select(vec4f(), vec4f(1.0), key + step * vec4u(0u, 1u, 2u, 3u) < vec4u(count));
      let values = mat4x4f(
        value_quad(value_row(seen, start + picked.x, kv_head), lane),
        value_quad(value_row(seen, start + picked.y, kv_head), lane),
        value_quad(value_row(seen, start + picked.z, kv_head), lane),
        value_quad(value_row(seen, start + picked.w, kv_head), lane),
      );
      let x = tile[picked.x];
      let y = tile[picked.y];
      let z = tile[picked.z];
      let w = tile[picked.w];
      low += outer(values[0], x.low * inside.x) + outer(values[1], y.low * inside.y);
      low += outer(values[2], z.low * inside.z) + outer(values[3], w.low * inside.w);
      totals.low += mat4x4f(x.low, y.low, z.low, w.low) * inside;
      if (GROUP > 4u) {
        high += outer(values[0], x.high * inside.x) + outer(values[1], y.high * inside.y);
        high += outer(values[2], z.high * inside.z) + outer(values[3], w.high * inside.w);
        totals.high += mat4x4f(x.high, y.high, z.high, w.high) * inside;
      }
    }
    workgroupBarrier();
  }
  store_heads(index, group, low, high, highest, Heads(join(totals.low, index), join(totals.high, index)));
}
