// sample_scale: logits + bias, penalties (runtime/penalties.ts), times 1 / temperature; as keys that compare like the floats.
//   z = penalised(logit + bias) * inverse_temperature
//   penalised(x) = (x > 0 ? x / repetition : x * repetition) - (presence + count * frequency), for ids with count > 0
// logits: [vocab_size] f32 bits   bias: [vocab_size] f32 bits   history: [vocab_size] counts, then the window   keys: [vocab_size]
// Grid: one workgroup for WORKGROUP_SIZE * IDS ids.
override WORKGROUP_SIZE: u32 = 256;
override IDS: u32 = 4;
override BIASED: u32 = 0;
override PENALISED: u32 = 0;

struct Params {
  vocab_size: u32,
  logits_offset: u32,
  inverse_temperature: f32,
  repetition: f32,
  inverse_repetition: f32,
  presence: f32,
  frequency: f32,
  zero: u32,
}

@group(0) @binding(1) var<storage, read> logits: array<u32>;
@group(0) @binding(2) var<storage, read> bias: array<u32>;
@group(0) @binding(3) var<storage, read> history: array<u32>;
@group(0) @binding(4) var<storage, read_write> keys: array<u32>;
@group(0) @binding(5) var<uniform> params: Params;

var<workgroup> group_max: atomic<u32>;

// x as it is, rounded: the compiler cannot see that zero is 0, and so cannot fuse the product or sum with what follows.
fn rounded(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) ^ params.zero);
}

fn penalised(x: f32, count: u32) -> f32 {
  let repeated = rounded(x * select(params.repetition, params.inverse_repetition, x > 0.0));
  return repeated - rounded(params.presence + rounded(f32(count) * params.frequency));
}

// The bits of a finite logit's z; -Infinity where it is forbidden.
fn scaled(id: u32, logit: u32) -> u32 {
  var x = bitcast<f32>(logit);
  if (BIASED == 1u) {
    if (bias[id] == MINUS_INFINITY) {
      return MINUS_INFINITY;
    }
    x = rounded(x + bitcast<f32>(bias[id]));
  }
  if (PENALISED == 1u && history[id] > 0u) {
    x = rounded(penalised(x, history[id]));
  }
  return bitcast<u32>(x * params.inverse_temperature);
}

fn is_refused(bits: u32) -> bool {
  return (bits & 0x7fffffffu) > PLUS_INFINITY || bits == PLUS_INFINITY;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn sample_scale(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  var best = 0u;
  for (var i = 0u; i < IDS; i++) {
    let id = (group.x * IDS + i) * WORKGROUP_SIZE + index;
    if (id < params.vocab_size) {
      var z = logits[params.logits_offset + id];
      if (z != MINUS_INFINITY && !is_refused(z)) {
        z = scaled(id, z);
      }
      if (is_refused(z)) {
        atomicStore(&control.refused, 1u);
      }
      keys[id] = key_of(z);
      best = max(best, key_of(z));
    }
  }
  atomicMax(&group_max, best);
  workgroupBarrier();
  if (index == 0u) {
    atomicMax(&control.max_key, atomicLoad(&group_max));
  }
}
