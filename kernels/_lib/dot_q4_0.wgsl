// dot (q4_0): a block of weights times quantised activations, four products an instruction. A nibble in a byte's upper half, its top bit
// flipped, is 16 * (nibble - 8) as a signed byte.
fn dot_block(block: Block, activations: Activations) -> f32 {
  let low = ((block << vec4u(4u)) & vec4u(0xf0f0f0f0u)) ^ vec4u(0x80808080u);
  let high = (block & vec4u(0xf0f0f0f0u)) ^ vec4u(0x80808080u);
  return dot_bytes(low, high, activations) * 0.0625;
}
