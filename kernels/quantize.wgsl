// quantize: blocks of 32 activations to signed bytes, scale = max |x| / 127.
// x: [l, k] f32   quantized: [l, k / 32] blocks
// Grid: [ceil(blocks / WORKGROUP_SIZE), l], one invocation a block.
override WORKGROUP_SIZE: u32 = 64;

struct Params {
  blocks: u32,
  x_offset: u32,
  x_stride: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> quantized: array<QuantizedActivations>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn quantize(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.blocks) {
    return;
  }
  let start = params.x_offset + id.y * params.x_stride + 32u * id.x;
  var quads: array<vec4f, 8>;
  for (var i = 0u; i < 8u; i++) {
    quads[i] = vec4f(x[start + 4u * i], x[start + 4u * i + 1u], x[start + 4u * i + 2u], x[start + 4u * i + 3u]);
  }
  quantized[id.y * params.blocks + id.x] = quantize_block(quads);
}
