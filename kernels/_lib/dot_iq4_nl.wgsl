// dot (iq4_nl): a block of weights times quantised activations, four products an instruction.
fn dot_block(block: Block, activations: Activations) -> f32 {
  let low = table_bytes(block & vec4u(0x0f0f0f0fu));
  let high = table_bytes((block >> vec4u(4u)) & vec4u(0x0f0f0f0fu));
  return dot_bytes(low, high, activations);
}
