// sample_draw: the best score among the ids that truncation keeps. Gumbel-max (arXiv:1411.0030, section 2): argmax of z + G; with
// GREEDY of z. Noise is runtime/random.ts's: id i of a step takes word i % 4 of Philox block i / 4.
// keys: [vocab_size]   partials: [workgroups] the best key of a score and its id; the lowest id among equals
// Grid: one workgroup for 4 * WORKGROUP_SIZE ids, one invocation for a block of 4.
override WORKGROUP_SIZE: u32 = 256;
override GREEDY: u32 = 0;

struct Params {
  vocab_size: u32,
  seed_low: u32,
  seed_high: u32,
  log_min_p: f32,
}

@group(0) @binding(1) var<storage, read> keys: array<u32>;
@group(0) @binding(2) var<storage, read_write> partials: array<vec2u>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> best_of: array<vec2u, WORKGROUP_SIZE>;

// -log(-log(u)), u = 1 - v an odd multiple of 2^-24. For u above 1/2, -log(1 - v) = 2 atanh(v / (2 - v)) as a series, since WGSL's
// log is only good to 2^-21 next to 1, where the numbers that win lie.
fn gumbel(bits: u32) -> f32 {
  let odd = (bits >> 9u) * 2u + 1u;
  if (odd < 0x800000u) {
    return -log(-log(f32(odd) * 0x1p-24));
  }
  let v = f32(0x1000000u - odd) * 0x1p-24;
  let s = v / (2.0 - v);
  let q = s * s;
  let tail = q * (1.0 / 9.0 + q * (1.0 / 11.0 + q * (1.0 / 13.0 + q * (1.0 / 15.0 + q / 17.0))));
  return -log(2.0 * s * (1.0 + q * (1.0 / 3.0 + q * (0.2 + q * (1.0 / 7.0 + tail)))));
}

// Scores are taken from the largest z down: for those that may win, the difference is exact.
fn score(key: u32, largest: f32, bits: u32) -> u32 {
  if (GREEDY == 1u) {
    return key;
  }
  return key_of(bitcast<u32>(value_of(key) - largest + gumbel(bits)));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn sample_draw(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let block = group.x * WORKGROUP_SIZE + index;
  let largest = value_of(atomicLoad(&control.max_key));
  let least = max(control.threshold, key_of(bitcast<u32>(largest + params.log_min_p)));
  let words = philox(block, control.step, vec2u(params.seed_low, params.seed_high));
  var best = vec2u(0u);
  for (var i = 0u; i < 4u; i++) {
    let id = 4u * block + i;
    if (id < params.vocab_size && keys[id] >= least && keys[id] > LEAST_KEY) {
      best = better(best, vec2u(score(keys[id], largest, words[i]), id));
    }
  }
  best_of[index] = best;
  for (var width = WORKGROUP_SIZE / 2u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (index < width) {
      best_of[index] = better(best_of[index], best_of[index + width]);
    }
  }
  if (index == 0u) {
    partials[group.x] = best_of[0];
  }
}
