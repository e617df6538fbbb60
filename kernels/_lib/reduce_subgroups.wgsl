// reduce, with subgroups: sums over a workgroup of WORKGROUP_SIZE invocations, returned to all of them.
// Every invocation calls, in uniform control flow; subgroups are runs of `lanes` consecutive invocations.
struct Invocation {
  @builtin(local_invocation_index) index: u32,
  @builtin(subgroup_invocation_id) lane: u32,
  @builtin(subgroup_size) lanes: u32,
}

// One sum a subgroup, which WebGPU makes of four invocations at least, of 256 at most.
var<workgroup> subgroup_sums: array<vec4f, 64>;

fn sum4(values: vec4f, at: Invocation) -> vec4f {
  let sums = subgroupAdd(values);
  if (at.lane == 0u) {
    subgroup_sums[at.index / at.lanes] = sums;
  }
  workgroupBarrier();
  var total = vec4f();
  for (var i = at.lane; i < (WORKGROUP_SIZE + at.lanes - 1u) / at.lanes; i += at.lanes) {
    total += subgroup_sums[i];
  }
  workgroupBarrier();
  return subgroupAdd(total);
}

fn sum1(value: f32, at: Invocation) -> f32 {
  let sum = subgroupAdd(value);
  if (at.lane == 0u) {
    subgroup_sums[at.index / at.lanes].x = sum;
  }
  workgroupBarrier();
  var total = 0.0;
  for (var i = at.lane; i < (WORKGROUP_SIZE + at.lanes - 1u) / at.lanes; i += at.lanes) {
    total += subgroup_sums[i].x;
  }
  workgroupBarrier();
  return subgroupAdd(total);
}
