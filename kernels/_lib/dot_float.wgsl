// dot (f32, f16, bf16): a block of weights, one or two quads, times f32 activations.
struct Activations {
  low: vec4f,
  high: vec4f,
}

// The activations that meet block `block`, in the row that starts at quad `x_row`.
fn activations_at(x_row: u32, block: u32) -> Activations {
  var activations: Activations;
  activations.low = operand(x_row, block * BLOCK_QUADS);
  if (BLOCK_QUADS == 2u) {
    activations.high = operand(x_row, block * BLOCK_QUADS + 1u);
  }
  return activations;
}

fn dot_block(block: Block, activations: Activations) -> f32 {
  var sum = dot(block_quad(block, 0u), activations.low);
  if (BLOCK_QUADS == 2u) {
    sum += dot(block_quad(block, 1u), activations.high);
  }
  return sum;
}
