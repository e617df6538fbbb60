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

fn sum_of_split(first: u32, split: u32, quad: u32) -> vec4f {
  return partials[first + min(split, params.splits - 1u) * (VALUE_QUADS + 1u) + quad];
}

// The sums of values of four splits, `step` apart.
fn four_sums(first: u32, split: u32, step: u32, quad: u32) -> mat4x4f {
  return mat4x4f(
    sum_of_split(first, split, quad),
    sum_of_split(first, split + step, quad),
    sum_of_split(first, split + 2u * step, quad),
    sum_of_split(first, split + 3u * step, quad),
  );
}

fn weighted(split: u32, sum: vec4f) -> vec4f {
  let weight = select(0.0, weights[min(split, MOST_SPLITS - 1u)], split < params.splits);
  return select(vec4f(), weight * sum, weight > 0.0);
}

fn weigh_four(sums: mat4x4f, split: u32, step: u32) -> vec4f {
  let low = weighted(split, sums[0]) + weighted(split + step, sums[1]);
  return low + weighted(split + 2u * step, sums[2]) + weighted(split + 3u * step, sums[3]);
}

// Element `index` of the head whose first split begins at quad `first` of the partials, for the first V_HEAD_DIM invocations.
// Every invocation calls. The first sums are read before their weights are known.
fn joined_element(index: u32, first: u32) -> f32 {
  let step = WORKGROUP_SIZE / VALUE_LANES;
  let quad = min(index % VALUE_LANES, VALUE_QUADS - 1u);
  let ahead = four_sums(first, index / VALUE_LANES, step, quad);
  let total = weigh_splits(index, first);
  var sum = weigh_four(ahead, index / VALUE_LANES, step);
  for (var split = index / VALUE_LANES + 4u * step; split < params.splits; split += 4u * step) {
    sum += weigh_four(four_sums(first, split, step, quad), split, step);
  }
  sums[index] = sum;
  workgroupBarrier();
  var element = 0.0;
  for (var lane = (index / 4u) % VALUE_LANES; lane < WORKGROUP_SIZE; lane += VALUE_LANES) {
    element += sums[lane][index % 4u];
  }
  return element / total;
}
