// attention_combine: joins the splits of attention: each one's weighted sum counts e^(its largest score) times.
// partials: see attention   out: [l, heads * V_HEAD_DIM] f32
// Grid: [heads, l].
override WORKGROUP_SIZE: u32 = 256; // at least MOST_SPLITS
override V_HEAD_DIM: u32 = 128;
override VALUE_QUADS: u32 = 32;
override VALUE_LANES: u32 = 32; // a power of two, at least VALUE_QUADS
const MOST_SPLITS = 128u;

struct Params {
  heads: u32,
  splits: u32,
  out_offset: u32,
  out_stride: u32,
}

@group(0) @binding(0) var<storage, read> partials: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> scores: array<vec4f, MOST_SPLITS / 4>;
var<workgroup> weights: array<f32, MOST_SPLITS>;
var<workgroup> sums: array<vec4f, WORKGROUP_SIZE>;
var<workgroup> totals: array<f32, WORKGROUP_SIZE>;

// Leaves each split's weight in `weights`; returns this invocation's split's sum of weights, so weighted. Every invocation calls.
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
  }
  workgroupBarrier();
  return weight * stats.y;
}

fn weighted(first: u32, split: u32, quad: u32) -> vec4f {
  let weight = select(0.0, weights[min(split, MOST_SPLITS - 1u)], split < params.splits);
  let sum = partials[first + min(split, params.splits - 1u) * (VALUE_QUADS + 1u) + quad];
  return select(vec4f(), weight * sum, weight > 0.0);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn attention_combine(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) group: vec3u) {
  let first = (group.y * params.heads + group.x) * params.splits * (VALUE_QUADS + 1u);
  totals[index] = weigh_splits(index, first);
  let step = WORKGROUP_SIZE / VALUE_LANES;
  let quad = min(index % VALUE_LANES, VALUE_QUADS - 1u);
  var sum = vec4f();
  for (var split = index / VALUE_LANES; split < params.splits; split += 4u * step) {
    let a = weighted(first, split, quad) + weighted(first, split + step, quad);
    sum += a + weighted(first, split + 2u * step, quad) + weighted(first, split + 3u * step, quad);
  }
  sums[index] = sum;
  for (var width = WORKGROUP_SIZE / 2u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (index < width) {
      totals[index] += totals[index + width];
      if (width >= VALUE_LANES) {
        sums[index] += sums[index + width];
      }
    }
  }
  workgroupBarrier();
  if (index < V_HEAD_DIM) {
    let at = params.out_offset + group.y * params.out_stride + group.x * V_HEAD_DIM + index;
    out[at] = sums[index / 4u][index % 4u] / totals[0];
  }
}
