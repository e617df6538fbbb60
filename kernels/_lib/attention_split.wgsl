// attention_split: a workgroup's online softmax (arXiv:1805.02867) over some of the keys that a row sees, for GROUP query heads that
// read the same key/value head.
// partials: for each head and split VALUE_QUADS + 1 quads: the weighted sum of values, then the largest score and the sum of weights,
// which is 0 in a split without keys
override HEAD_DIM: u32 = 64;
override V_HEAD_DIM: u32 = 128;
override GROUP: u32 = 5; // at most 8
override KEY_QUADS: u32 = 16; // ceil(HEAD_DIM / 4)
override VALUE_QUADS: u32 = 32;
override VALUE_LANES: u32 = 32; // invocations that share a head's values: a power of two, at least VALUE_QUADS, at most 64
override STEP: u32 = 4; // WORKGROUP_SIZE / VALUE_LANES: heads at a time
override QUERY_QUADS: u32 = 80; // GROUP * KEY_QUADS, spelt out because naga accepts no products in the size of an array

@group(0) @binding(4) var<storage, read_write> partials: array<vec4f>;

// Keys that each of `splits` splits takes: whole tiles.
fn split_share(count: u32, splits: u32) -> u32 {
  return TILE * ((count + splits * TILE - 1u) / (splits * TILE));
}

struct Split {
  highest: vec4f, // scores
  totals: vec4f, // of weights
  sums: mat4x4f, // of weighted values
}

// The heads whose values an invocation sums: one quad of every STEP-th.
fn heads_of(index: u32) -> vec4u {
  return index / VALUE_LANES + STEP * vec4u(0u, 1u, 2u, 3u);
}

// The key of a tile, of those seen, whose scores an invocation makes a part of: index % TILE, or the last.
fn key_of(index: u32, start: u32, end: u32) -> u32 {
  return min(start + index % TILE, max(end, 1u) - 1u);
}

// What attend_keys reads first, so that it is under way before the queries are known.
fn load_keys(index: u32, seen: VisibleKeys, kv_head: u32, first: u32, end: u32) -> KeyQuads {
  return load_quads(key_row(seen, key_of(index, first, end), kv_head), index / TILE * quads_of_part());
}

// Keys first to end - 1 of those seen.
fn attend_keys(index: u32, ahead: KeyQuads, seen: VisibleKeys, kv_head: u32, first: u32, end: u32) -> Split {
  let lane = min(index % VALUE_LANES, VALUE_QUADS - 1u);
  let heads = heads_of(index);
  var split = Split(vec4f(LOWEST), vec4f(), mat4x4f());
  var quads = ahead;
  for (var start = first; start < end; start += TILE) {
    let count = min(TILE, end - start);
    let i = key_of(index, start, end);
    score_tile(index, quads, key_row(seen, i, kv_head), value_row(seen, i, kv_head), count);
    if (start + TILE < end) {
      quads = load_keys(index, seen, kv_head, start + TILE, end);
    }
    let raised = max(split.highest, highest_scores(heads));
    let fade = exp(split.highest - raised);
    let sums = split.sums;
    split.sums = mat4x4f(sums[0] * fade.x, sums[1] * fade.y, sums[2] * fade.z, sums[3] * fade.w);
    split.totals *= fade;
    split.highest = raised;
    for (var quad = 0u; 4u * quad < count; quad += 4u) {
      add_values(&split, values_at(quad, lane), heads, quad);
    }
  }
  return split;
}

fn add_values(split: ptr<function, Split>, values: Values, heads: vec4u, quad: u32) {
  let x = weigh(values, heads.x, quad, (*split).highest.x);
  (*split).sums[0] += x.sum;
  (*split).totals.x += x.total;
  if (GROUP > STEP) {
    let y = weigh(values, heads.y, quad, (*split).highest.y);
    (*split).sums[1] += y.sum;
    (*split).totals.y += y.total;
  }
  if (GROUP > 2u * STEP) {
    let z = weigh(values, heads.z, quad, (*split).highest.z);
    let w = weigh(values, heads.w, quad, (*split).highest.w);
    (*split).sums[2] += z.sum;
    (*split).sums[3] += w.sum;
    (*split).totals += vec4f(0.0, 0.0, z.total, w.total);
  }
}

fn store_head(index: u32, head: u32, row: u32, sum: vec4f, highest: f32, total: f32) {
  let lane = index % VALUE_LANES;
  if (head < GROUP) {
    if (lane < VALUE_QUADS) {
      partials[row + lane] = sum;
    }
    if (lane == 0u) {
      partials[row + VALUE_QUADS] = vec4f(highest, total, 0.0, 0.0);
    }
  }
}

// Stores a split whose first head's begins at quad `row` of the partials, with `stride` quads from one head to the next.
fn store_split(index: u32, split: Split, row: u32, stride: u32) {
  let heads = heads_of(index);
  store_head(index, heads.x, row + heads.x * stride, split.sums[0], split.highest.x, split.totals.x);
  store_head(index, heads.y, row + heads.y * stride, split.sums[1], split.highest.y, split.totals.y);
  store_head(index, heads.z, row + heads.z * stride, split.sums[2], split.highest.z, split.totals.z);
  store_head(index, heads.w, row + heads.w * stride, split.sums[3], split.highest.w, split.totals.w);
}
