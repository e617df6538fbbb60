// joined_splits: a head's attention out of its splits: each one's weighted sum counts e^(its largest score) times.
// partials: see attention_split
override V_HEAD_DIM: u32 = 128;
override VALUE_QUADS: u32 = 32;
override VALUE_LANES: u32 = 32; // a power of two, at least VALUE_QUADS
const MOST_SPLITS = 128u; // at most WORKGROUP_SIZE

@group(0) @binding(0) var<storage, read> partials: array<vec4f>;

var<workgroup> scores: array<vec4f, MOST_SPLITS / 4>;
var<workgroup> weights: array<f32, MOST_SPLITS>;
var<workgroup> totals: array<vec4f, MOST_SPLITS / 4>; // the splits' sums of weights, so weighted
var<workgroup> sums: array<vec4f, WORKGROUP_SIZE>;

// Leaves each split's weight in `weights`, and returns the sum of all weights, so weighted. Every invocation calls.
fn weigh_splits(index: u32, first: u32) -> f32 {
  var stats = vec4f(-3.0e38, 0.0, 0.0, 0.0);
  if (index < params.splits) {
    stats = partials[first + index * (VALUE_QUADS + 1u) + VALUE_QUADS];
  }
  if (index < MOST_SPLITS) {
    scores[index / 4u][index % 4u] = stats.x;
  }
  workgroupBarrier();
  var highest = scores[0];
  for (var i = 1u; i < (params.splits + 3u) / 4u; i++) {
    highest = max(highest, scores[i]);
  }
  let weight = exp(stats.x - max(max(highest.x, highest.y), max(highest.z, highest.w)));
  if (index < MOST_SPLITS) {
    weights[index] = select(0.0, weight, stats.y > 0.0);
    totals[index / 4u][index % 4u] = weight * stats.y;
  }
  workgroupBarrier();
  var total = vec4f();
  for (var i = 0u; i < (params.splits + 3u) / 4u; i++) {
    total += totals[i];
  }
  return dot(total, vec4f(1.0));
}

fn weighted(first: u32, split: u32, quad: u32) -> vec4f {
  let weight = select(0.0, weights[min(split, MOST_SPLITS - 1u)], split < params.splits);
  let sum = partials[first + min(split, params.splits - 1u) * (VALUE_QUADS + 1u) + quad];
  return select(vec4f(), weight * sum, weight > 0.0);
}

// Element `index` of the head whose first split begins at quad `first` of the partials, for the first V_HEAD_DIM invocations.
// Every invocation calls.
fn joined_element(index: u32, first: u32) -> f32 {
  let total = weigh_splits(index, first);
  let step = WORKGROUP_SIZE / VALUE_LANES;
  let quad = min(index % VALUE_LANES, VALUE_QUADS - 1u);
  var sum = vec4f();
  for (var split = index / VALUE_LANES; split < params.splits; split += 4u * step) {
    let a = weighted(first, split, quad) + weighted(first, split + step, quad);
    sum += a + weighted(first, split + 2u * step, quad) + weighted(first, split + 3u * step, quad);
  }
  sums[index] = sum;
  workgroupBarrier();
  var element = 0.0;
  for (var lane = (index / 4u) % VALUE_LANES; lane < WORKGROUP_SIZE; lane += VALUE_LANES) {
    element += sums[lane][index % 4u];
  }
  return element / total;
}
