// product (plain): of block `i` of linear's weights, which have no scales.
fn product(i: u32, activations: Activations) -> f32 {
  return dot_block(weights[i], activations);
}
