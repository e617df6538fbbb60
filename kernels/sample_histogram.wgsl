// sample_histogram: what the ids weigh, by one digit of their keys, among those that share the digits before it. One or, with
// MASS, e^(z - max) as a 32-bit fraction, summed in 64 bits: integer sums have no order, so the result is always the same.
// keys: [vocab_size]   histogram: [2 * 256], low words and then high words, by digit; added to
// Grid: one workgroup for WORKGROUP_SIZE * IDS ids.
override WORKGROUP_SIZE: u32 = 256;
override IDS: u32 = 4;
override MASS: u32 = 0;
// The digit is bits SHIFT .. SHIFT + 8 of a key.
override SHIFT: u32 = 24;

struct Params {
  vocab_size: u32,
}

@group(0) @binding(1) var<storage, read> keys: array<u32>;
@group(0) @binding(2) var<storage, read_write> histogram: array<atomic<u32>, 512>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> bins: array<atomic<u32>, 512>;

fn weight(key: u32) -> vec2u {
  if (MASS == 0u) {
    return vec2u(1u, 0u);
  }
  if (key <= LEAST_KEY) {
    return vec2u(0u);
  }
  let mass = exp(value_of(key) - value_of(atomicLoad(&control.max_key)));
  if (mass >= 1.0) {
    return vec2u(0u, 1u);
  }
  return vec2u(u32(round(mass * 4294967296.0)), 0u);
}

fn is_candidate(key: u32) -> bool {
  let other_digits = ((key ^ control.prefix) >> SHIFT) >> 8u;
  return key >= control.threshold && other_digits == 0u;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn sample_histogram(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  for (var i = 0u; i < IDS; i++) {
    let id = (group.x * IDS + i) * WORKGROUP_SIZE + index;
    if (id < params.vocab_size && is_candidate(keys[id])) {
      let digit = (keys[id] >> SHIFT) & 255u;
      let added = weight(keys[id]);
      let before = atomicAdd(&bins[digit], added.x);
      let carry = select(0u, 1u, before + added.x < before);
      atomicAdd(&bins[256u + digit], added.y + carry);
    }
  }
  workgroupBarrier();
  for (var digit = index; digit < 256u; digit += WORKGROUP_SIZE) {
    let low = atomicLoad(&bins[digit]);
    let high = atomicLoad(&bins[256u + digit]);
    if ((low | high) != 0u) {
      let before = atomicAdd(&histogram[digit], low);
      let carry = select(0u, 1u, before + low < before);
      atomicAdd(&histogram[256u + digit], high + carry);
    }
  }
}
