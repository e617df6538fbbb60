// round_activations: x as a product with quantised weights sees it: in every block of 32, multiples of max |x| / STEPS.
// x: [l, k] f32   out: [l, k] f32, packed
// Grid: [ceil(k / 32 / WORKGROUP_SIZE), l], one invocation a block.
override WORKGROUP_SIZE: u32 = 64;
override STEPS: f32 = 32639.0;

struct Params {
  blocks: u32,
  x_offset: u32,
  x_stride: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn round_activations(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.blocks) {
    return;
  }
  let start = params.x_offset + id.y * params.x_stride + 32u * id.x;
  let to = 32u * (id.y * params.blocks + id.x);
  var most = 0.0;
  for (var i = 0u; i < 32u; i++) {
    most = max(most, abs(x[start + i]));
  }
  let inverse = select(0.0, STEPS / most, most > 0.0);
  for (var i = 0u; i < 32u; i++) {
    out[to + i] = round(x[start + i] * inverse) * (most / STEPS);
  }
}
