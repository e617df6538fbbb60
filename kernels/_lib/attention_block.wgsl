// A block of attention_tiled: QUERIES queries, or slots, by TILE keys, of which four invocations a query take a quarter each.
const WORKGROUP_SIZE = 128u;
const QUERIES = 32u;
const TILE = 16u;
const PITCH = 17u; // quads from one row of a tile to the next: odd, so that rows start on different banks
const LOWEST = -3.0e38;

var<workgroup> query_tile: array<vec4f, 544>; // [QUERIES, PITCH]
var<workgroup> key_tile: array<vec4f, 272>; // [TILE, PITCH]
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

fn outer(value: vec4f, weights: vec4f) -> mat4x4f {
  return mat4x4f(value * weights.x, value * weights.y, value * weights.z, value * weights.w);
}

// Keys beyond the last repeat it.
fn load_keys(index: u32, seen: VisibleKeys, start: u32, kv_head: u32) {
  for (var i = index; i < TILE * KEY_QUADS; i += WORKGROUP_SIZE) {
    let key = min(start + i / KEY_QUADS, seen.count - 1u);
    key_tile[i / KEY_QUADS * PITCH + i % KEY_QUADS] = key_quad(key_row(seen, key, kv_head), i % KEY_QUADS);
  }
}

// An invocation multiplies two keys with two queries.
fn score_keys(index: u32) {
  let key = index % 8u;
  let slot = index / 8u;
  var sums = vec4f();
  for (var quad = 0u; quad < KEY_QUADS; quad++) {
    let a = key_tile[key * PITCH + quad];
    let b = key_tile[(key + 8u) * PITCH + quad];
    let c = query_tile[slot * PITCH + quad];
    let d = query_tile[(slot + 16u) * PITCH + quad];
    sums += vec4f(dot(a, c), dot(b, c), dot(a, d), dot(b, d));
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
