// round_activations: x as a product with quantised weights sees it: in every block of 32, multiples of max |x| / STEPS.
// x: [l, k] f32   out: [l, quads] of [l, k] f32, packed
// Grid: [ceil(quads / 64), l], one invocation a quad: neighbours read what lies side by side.
override STEPS: f32 = 32639.0;
const WORKGROUP_SIZE = 64u;

struct Params {
  quads: u32,
  x_offset: u32,
  x_stride: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> largest: array<vec4f, 16>; // of four quads each

@compute @workgroup_size(WORKGROUP_SIZE)
fn round_activations(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) group: vec3u) {
  let quad = group.x * WORKGROUP_SIZE + index;
  let start = params.x_offset + group.y * params.x_stride + 4u * min(quad, params.quads - 1u);
  let values = vec4f(x[start], x[start + 1u], x[start + 2u], x[start + 3u]);
  let sizes = abs(values);
  largest[index / 4u][index % 4u] = max(max(sizes.x, sizes.y), max(sizes.z, sizes.w));
  workgroupBarrier();
  let quads = max(largest[index / 8u * 2u], largest[index / 8u * 2u + 1u]);
  let most = max(max(quads.x, quads.y), max(quads.z, quads.w));
  let inverse = select(0.0, STEPS / most, most > 0.0);
  if (quad < params.quads) {
    out[group.y * params.quads + quad] = vec4f(rounded_quad(values, inverse)) * (most / STEPS);
  }
}
