// sample_select: finds the next digit of the key at which the weights, summed from the largest key down, reach the goal: the k-th
// largest key, or with MASS the least key of the nucleus (runtime/truncation.ts). After the last digit the key is the threshold.
// histogram: [2 * 256], low words and then high words, by digit; left all 0
// Grid: one workgroup, one invocation a digit.
override MASS: u32 = 0;
override SHIFT: u32 = 24;

struct Params {
  // How many keys to keep, or with MASS the fraction of all mass in units of 2^-32.
  goal: u32,
}

@group(0) @binding(1) var<storage, read_write> histogram: array<atomic<u32>, 512>;
@group(0) @binding(2) var<uniform> params: Params;

// By falling digit: the weight of that digit and of all larger ones.
var<workgroup> sums: array<vec2u, 256>;

fn first_goal(total: vec2u) -> vec2u {
  if (MASS == 0u) {
    return vec2u(params.goal, 0u);
  }
  // total * goal / 2^32; at least 1, so that the largest key is always in
  let low = total.y * params.goal;
  let share = add64(vec2u(low, mul_high(total.y, params.goal)), vec2u(mul_high(total.x, params.goal), 0u));
  return select(share, vec2u(1u, 0u), share.x == 0u && share.y == 0u);
}

@compute @workgroup_size(256)
fn sample_select(@builtin(local_invocation_index) index: u32) {
  let digit = 255u - index;
  sums[index] = vec2u(atomicExchange(&histogram[digit], 0u), atomicExchange(&histogram[256u + digit], 0u));
  for (var distance = 1u; distance < 256u; distance *= 2u) {
    workgroupBarrier();
    var larger = vec2u(0u);
    if (index >= distance) {
      larger = sums[index - distance];
    }
    workgroupBarrier();
    sums[index] = add64(sums[index], larger);
  }
  var goal = vec2u(control.goal_low, control.goal_high);
  workgroupBarrier();
  if (SHIFT == 24u) {
    goal = first_goal(sums[255]);
  }
  var before = vec2u(0u);
  if (index > 0u) {
    before = sums[index - 1u];
  }
  if (!less64(before, goal) || less64(sums[index], goal)) {
    return;
  }
  let rest = sub64(goal, before);
  let prefix = control.prefix | (digit << SHIFT);
  control.goal_low = rest.x;
  control.goal_high = rest.y;
  if (SHIFT == 0u) {
    control.threshold = max(control.threshold, prefix);
  }
  control.prefix = select(prefix, 0u, SHIFT == 0u);
}
