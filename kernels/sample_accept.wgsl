// sample_accept: takes the best of the partial results as the token of this step: where the next embedding reads it, where the host
// reads it, and into the history; then clears what the next step begins with.
// partials: [partials] the best key of a score and its id   history: [vocab_size] counts, then the window's tokens, a ring
// Grid: one workgroup.
override WORKGROUP_SIZE: u32 = 256;

struct Params {
  partials: u32,
  vocab_size: u32,
  window: u32,
}

@group(0) @binding(1) var<storage, read> partials: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> history: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> best_of: array<vec2u, WORKGROUP_SIZE>;

fn remember(id: u32) {
  if (params.window == 0u) {
    return;
  }
  let at = params.vocab_size + control.history_length % params.window;
  if (control.history_length >= params.window) {
    history[history[at]] -= 1u;
  }
  history[at] = id;
  history[id] += 1u;
  control.history_length += 1u;
}

fn accept(best: vec2u) {
  let refused = atomicLoad(&control.refused) != 0u || best.x == 0u;
  let id = select(best.y, 0u, refused); // the embedding needs some token
  control.id = id;
  control.outcomes[control.step % 32u] = select(id, REFUSED, refused);
  remember(id);
  control.step += 1u;
  control.threshold = 0u;
  atomicStore(&control.max_key, 0u);
  atomicStore(&control.refused, 0u);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn sample_accept(@builtin(local_invocation_index) index: u32) {
  var best = vec2u(0u);
  for (var i = index; i < params.partials; i += WORKGROUP_SIZE) {
    best = better(best, partials[i]);
  }
  best_of[index] = best;
  for (var width = WORKGROUP_SIZE / 2u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (index < width) {
      best_of[index] = better(best_of[index], best_of[index + width]);
    }
  }
  if (index == 0u) {
    accept(best_of[0]);
  }
}
