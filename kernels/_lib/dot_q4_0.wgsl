// dot (q4_0): a block of weights times quantised activations, four products an instruction. The weights' offset is taken out
// once: sum((nibble - 8) * x) = sum(nibble * x) - 8 * sum(x).
fn dot_block(block: Block, activations: Activations) -> f32 {
  let low = block & vec4u(0x0f0f0f0fu);
  let high = (block >> vec4u(4u)) & vec4u(0x0f0f0f0fu);
  return dot_bytes(low, high, activations) - 8.0 * activations.sum;
}
