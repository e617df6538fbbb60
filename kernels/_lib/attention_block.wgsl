// A block of attention_tiled: QUERIES queries, or slots, by TILE keys, of which four invocations a query take a quarter each.
const WORKGROUP_SIZE = 128u;
const QUERIES = 32u;
const TILE = 16u;
const PITCH = 17u; // quads from one row of a tile to the next: odd, so that rows start on different banks
const LANES = WORKGROUP_SIZE / TILE; // invocations that bring a key
const LOWEST = -3.0e38;

var<workgroup> query_tile: array<array<vec4f, PITCH>, QUERIES>;
var<workgroup> key_tile: array<array<vec4f, PITCH>, TILE>;
var<workgroup> value_rows: array<u32, TILE>; // where the keys' values lie: a ring's remainder takes long
var<workgroup> scores: array<vec4f, 128>; // [TILE, QUERIES / 4], then weights
var<workgroup> shared4: array<f32, WORKGROUP_SIZE>; // [4, QUERIES]
var<workgroup> fades: array<vec4f, 8>;

// The keys that any of the rows from `first` to `last` sees.
fn keys_of_rows(first: u32, last: u32) -> VisibleKeys {
  let meta_tokens = min(params.num_meta_tokens, last + 1u);
  let start = max(meta_tokens, first - min(params.lookback, first));
  return VisibleKeys(meta_tokens, start, meta_tokens + last + 1u - start);
}

fn sees(position: u32, key: u32) -> bool {
  return key <= position && (key < params.num_meta_tokens || position - key <= params.lookback);
}

fn keep_key(key: u32, quad: u32, value: vec4f) {
  if (quad < KEY_QUADS) {
    key_tile[key][quad] = select(vec4f(), value, 4u * quad < HEAD_DIM);
  }
}

// Keys beyond the last repeat it.
fn load_keys(index: u32, seen: VisibleKeys, start: u32, kv_head: u32) {
  let key = min(start + index / LANES, seen.count - 1u);
  let row = key_row(seen, key, kv_head);
  let quad = index % LANES;
  let low = key_quad(row, min(quad, KEY_QUADS - 1u));
  let high = key_quad(row, min(quad + LANES, KEY_QUADS - 1u));
  keep_key(index / LANES, quad, low);
  keep_key(index / LANES, quad + LANES, high);
  if (quad == 0u) {
    value_rows[index / LANES] = value_row(seen, key, kv_head);
  }
}

fn products_at(key: u32, slot: u32, quad: u32) -> vec4f {
  let a = key_tile[key][quad];
  let b = key_tile[key + 8u][quad];
  let c = query_tile[slot][quad];
  let d = query_tile[slot + 16u][quad];
  return vec4f(dot(a, c), dot(b, c), dot(a, d), dot(b, d));
}

// An invocation multiplies two keys with two queries.
fn score_keys(index: u32) {
  let key = index % 8u;
  let slot = index / 8u;
  var sums = vec4f();
  for (var quad = 0u; quad < KEY_QUADS; quad += 4u) {
    sums += products_at(key, slot, quad) + products_at(key, slot, quad + 1u);
    sums += products_at(key, slot, quad + 2u) + products_at(key, slot, quad + 3u);
  }
  sums *= params.scale;
  scores[key * 8u + slot / 4u][slot % 4u] = sums.x;
  scores[(key + 8u) * 8u + slot / 4u][slot % 4u] = sums.y;
  scores[key * 8u + slot / 4u + 4u][slot % 4u] = sums.z;
  scores[(key + 8u) * 8u + slot / 4u + 4u][slot % 4u] = sums.w;
}

// Lowers what this invocation's query does not see, in its quarter of the keys; returns its largest score in the block. Every invocation
// calls.
fn mask_scores(index: u32, position: u32, seen: VisibleKeys, start: u32) -> f32 {
  let slot = index % QUERIES;
  var highest = LOWEST;
  for (var key = index / QUERIES * 4u; key < index / QUERIES * 4u + 4u; key++) {
    let i = start + key;
    if (i < seen.count && sees(position, visible_position(seen, i))) {
      highest = max(highest, scores[key * 8u + slot / 4u][slot % 4u]);
    } else {
      scores[key * 8u + slot / 4u][slot % 4u] = LOWEST;
    }
  }
  shared4[index] = highest;
  workgroupBarrier();
  return max(max(shared4[slot], shared4[slot + 32u]), max(shared4[slot + 64u], shared4[slot + 96u]));
}

// Turns scores into weights; returns the sum of this invocation's.
fn weigh_scores(index: u32, highest: f32, fade: f32) -> f32 {
  let slot = index % QUERIES;
  var sum = 0.0;
  for (var key = index / QUERIES * 4u; key < index / QUERIES * 4u + 4u; key++) {
    let score = scores[key * 8u + slot / 4u][slot % 4u];
    let weight = select(0.0, exp(score - highest), score > LOWEST);
    scores[key * 8u + slot / 4u][slot % 4u] = weight;
    sum += weight;
  }
  if (index < QUERIES) {
    fades[slot / 4u][slot % 4u] = fade;
  }
  return sum;
}

fn fade_of(slot: u32) -> vec4f {
  return fades[slot / 4u];
}

// The weights of a key for queries slot .. slot + 3.
fn weights_of(key: u32, slot: u32) -> vec4f {
  return scores[key * 8u + slot / 4u];
}

fn share_total(index: u32, total: f32) {
  shared4[index] = total;
}

fn totals_of(slot: u32) -> f32 {
  return shared4[slot] + shared4[slot + 32u] + shared4[slot + 64u] + shared4[slot + 96u];
}
