// What a workgroup of attention hands on: its heads' weighted sums of values, their largest scores and their sums of weights.
var<workgroup> joined: array<vec4f, WORKGROUP_SIZE>;

// The sum over the invocations with the same value lane. Every invocation calls.
fn join(value: vec4f, index: u32) -> vec4f {
  joined[index] = value;
  workgroupBarrier();
  var sum = vec4f();
  for (var i = index % VALUE_LANES; i < WORKGROUP_SIZE; i += VALUE_LANES) {
    sum += joined[i];
  }
  workgroupBarrier();
  return sum;
}

fn outer(value: vec4f, weights: vec4f) -> mat4x4f {
  return mat4x4f(value * weights.x, value * weights.y, value * weights.z, value * weights.w);
}

fn store(index: u32, head: u32, group: vec3u, sums: vec4f, highest: f32, totals: f32) {
  let sum = join(sums, index);
  let row = ((group.z * params.heads + group.x * GROUP + head) * params.splits + group.y) * (VALUE_QUADS + 1u);
  if (index < VALUE_QUADS) {
    partials[row + index] = sum;
  }
  if (index == 0u) {
    partials[row + VALUE_QUADS] = vec4f(highest, totals, 0.0, 0.0);
  }
}

// Every invocation calls.
fn store_heads(index: u32, group: vec3u, low: mat4x4f, high: mat4x4f, highest: Heads, totals: Heads) {
  store(index, 0u, group, low[0], highest.low.x, totals.low.x);
  if (GROUP > 1u) {
    store(index, 1u, group, low[1], highest.low.y, totals.low.y);
  }
  if (GROUP > 2u) {
    store(index, 2u, group, low[2], highest.low.z, totals.low.z);
  }
  if (GROUP > 3u) {
    store(index, 3u, group, low[3], highest.low.w, totals.low.w);
  }
  if (GROUP > 4u) {
    store(index, 4u, group, high[0], highest.high.x, totals.high.x);
  }
  if (GROUP > 5u) {
    store(index, 5u, group, high[1], highest.high.y, totals.high.y);
  }
  if (GROUP > 6u) {
    store(index, 6u, group, high[2], highest.high.z, totals.high.z);
  }
  if (GROUP > 7u) {
    store(index, 7u, group, high[3], highest.high.w, totals.high.w);
  }
}
