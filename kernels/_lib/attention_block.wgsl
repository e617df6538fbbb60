// A block of attention_tiled: QUERIES queries, or slots, by TILE keys, of which two invocations a query take half each.
const WORKGROUP_SIZE = 64u;
const QUERIES = 32u;
const TILE = 16u;
const PITCH = 17u; // quads from one row of a tile to the next: odd, so that rows start on different banks
const LANES = WORKGROUP_SIZE / TILE; // invocations that bring a key
const LOWEST = -3.0e38;

var<workgroup> query_tile: array<array<vec4f, PITCH>, QUERIES>; // slot 4 i + j in row i + 8 j
var<workgroup> key_tile: array<array<vec4f, PITCH>, TILE>;
var<workgroup> value_rows: array<u32, TILE>; // where the keys' values lie: a ring's remainder takes long
var<workgroup> scores: array<vec4f, 128>; // [TILE, QUERIES / 4], then weights
var<workgroup> halves: array<f32, WORKGROUP_SIZE>; // [2, QUERIES]
var<workgroup> fades: array<vec4f, 8>;

// Scores of one query for a half of the keys.
struct HalfScores {
  low: vec4f,
  high: vec4f,
}

// The keys that any of the rows from `first` to `last` sees.
fn keys_of_rows(first: u32, last: u32) -> VisibleKeys {
  let meta_tokens = min(params.num_meta_tokens, last + 1u);
  let start = max(meta_tokens, first - min(params.lookback, first));
  return VisibleKeys(meta_tokens, start, meta_tokens + last + 1u - start);
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
  let a = key_quad(row, min(quad, KEY_QUADS - 1u));
  let b = key_quad(row, min(quad + LANES, KEY_QUADS - 1u));
  let c = key_quad(row, min(quad + 2u * LANES, KEY_QUADS - 1u));
  let d = key_quad(row, min(quad + 3u * LANES, KEY_QUADS - 1u));
  keep_key(index / LANES, quad, a);
  keep_key(index / LANES, quad + LANES, b);
  keep_key(index / LANES, quad + 2u * LANES, c);
  keep_key(index / LANES, quad + 3u * LANES, d);
  if (quad == 0u) {
    value_rows[index / LANES] = value_row(seen, key, kv_head);
  }
}

fn add_dot(sum: f32, a: vec4f, b: vec4f) -> f32 {
  return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, sum))));
}

// What a quad of the dimensions adds to the scores of two keys for four queries.
fn add_quad(sums: HalfScores, key: u32, row: u32, quad: u32) -> HalfScores {
  let a = query_tile[row][quad];
  let b = query_tile[row + 8u][quad];
  let c = query_tile[row + 16u][quad];
  let d = query_tile[row + 24u][quad];
  let near = key_tile[key][quad];
  let far = key_tile[key + 8u][quad];
  return HalfScores(
    vec4f(add_dot(sums.low.x, near, a), add_dot(sums.low.y, near, b), add_dot(sums.low.z, near, c), add_dot(sums.low.w, near, d)),
    vec4f(add_dot(sums.high.x, far, a), add_dot(sums.high.y, far, b), add_dot(sums.high.z, far, c), add_dot(sums.high.w, far, d)),
  );
}

// An invocation multiplies two keys with four queries.
fn score_keys(index: u32) {
  let key = index % 8u;
  let row = index / 8u;
  var sums: HalfScores;
  for (var quad = 0u; quad < KEY_QUADS; quad += 4u) {
    sums = add_quad(sums, key, row, quad);
    sums = add_quad(sums, key, row, quad + 1u);
    sums = add_quad(sums, key, row, quad + 2u);
    sums = add_quad(sums, key, row, quad + 3u);
  }
  scores[key * 8u + row] = sums.low * params.scale;
  scores[(key + 8u) * 8u + row] = sums.high * params.scale;
}

fn score_at(key: u32, slot: u32) -> f32 {
  return scores[key * 8u + slot / 4u][slot % 4u];
}

// Scores of four keys, LOWEST where the query does not see them.
fn masked_scores(slot: u32, position: u32, seen: VisibleKeys, start: u32, key: u32) -> vec4f {
  let i = vec4u(start + key) + vec4u(0u, 1u, 2u, 3u);
  let is_meta = i < vec4u(seen.meta_tokens);
  let at = select(vec4u(seen.first - seen.meta_tokens) + i, i, is_meta);
  let near = at + min(vec4u(params.lookback), vec4u(position)) >= vec4u(position);
  let sees = (i < vec4u(seen.count)) & (at <= vec4u(position)) & (is_meta | near);
  let found = vec4f(score_at(key, slot), score_at(key + 1u, slot), score_at(key + 2u, slot), score_at(key + 3u, slot));
  return select(vec4f(LOWEST), found, sees);
}

fn largest_in(values: vec4f) -> f32 {
  return max(max(values.x, values.y), max(values.z, values.w));
}

// The largest of what both invocations of a query found. Every invocation calls.
fn largest_of_both(index: u32, half: HalfScores) -> f32 {
  halves[index] = max(largest_in(half.low), largest_in(half.high));
  workgroupBarrier();
  return max(halves[index % QUERIES], halves[index % QUERIES + QUERIES]);
}

// Keeps the weights of four keys; returns their sum.
fn keep_weights(slot: u32, key: u32, found: vec4f, highest: f32) -> f32 {
  let weights = select(vec4f(), exp(found - highest), found > vec4f(LOWEST));
  scores[key * 8u + slot / 4u][slot % 4u] = weights.x;
  scores[(key + 1u) * 8u + slot / 4u][slot % 4u] = weights.y;
  scores[(key + 2u) * 8u + slot / 4u][slot % 4u] = weights.z;
  scores[(key + 3u) * 8u + slot / 4u][slot % 4u] = weights.w;
  return weights.x + weights.y + weights.z + weights.w;
}
