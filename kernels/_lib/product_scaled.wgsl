// product (scaled): of block `i` of linear's weights. scales: [rows, blocks] f16
@group(0) @binding(1) var<storage, read> scales: array<u32>;

fn product(i: u32, activations: Activations) -> f32 {
  return dot_block(weights[i], activations) * scale_at(scales[i / 2u], i);
}
