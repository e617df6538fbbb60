// reduce, without subgroups: sums over a workgroup of WORKGROUP_SIZE invocations (a power of two), returned to all of them.
// Every invocation calls, in uniform control flow.
struct Invocation {
  @builtin(local_invocation_index) index: u32,
}

var<workgroup> tree4: array<vec4f, WORKGROUP_SIZE>;
var<workgroup> tree1: array<f32, WORKGROUP_SIZE>;

fn sum4(values: vec4f, at: Invocation) -> vec4f {
  tree4[at.index] = values;
  for (var width = WORKGROUP_SIZE / 2u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (at.index < width) {
      tree4[at.index] += tree4[at.index + width];
    }
  }
  workgroupBarrier();
  let total = tree4[0];
  workgroupBarrier();
  return total;
}

fn sum1(value: f32, at: Invocation) -> f32 {
  tree1[at.index] = value;
  for (var width = WORKGROUP_SIZE / 2u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (at.index < width) {
      tree1[at.index] += tree1[at.index + width];
    }
  }
  workgroupBarrier();
  let total = tree1[0];
  workgroupBarrier();
  return total;
}
