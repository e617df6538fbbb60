// dot (q8_0): a block of weights times quantised activations, four products an instruction.
fn dot_block(block: Block, activations: Activations) -> f32 {
  return dot_bytes(block.low, block.high, activations);
}
