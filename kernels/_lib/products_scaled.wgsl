// products (scaled): gate's and up's, of block `i` of each. gate_scales, up_scales: [rows, blocks] f16
@group(0) @binding(1) var<storage, read> gate_scales: array<u32>;
@group(0) @binding(3) var<storage, read> up_scales: array<u32>;

fn products(i: u32, activations: Activations) -> vec2f {
  let scales = vec2f(scale_at(gate_scales[i / 2u], i), scale_at(up_scales[i / 2u], i));
  return scales * vec2f(dot_block(gate[i], activations), dot_block(up[i], activations));
}
