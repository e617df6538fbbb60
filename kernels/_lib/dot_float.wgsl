// dot (f32, f16, bf16): a block of weights times f32 activations. The kernel binds x as an array of XElement.
alias XElement = vec4f;
struct Activations {
  quads: array<vec4f, BLOCK_QUADS>,
}

// The activations that meet weight block `block`, in the row that starts at element `row` of x.
fn activations_at(row: u32, block: u32) -> Activations {
  var activations: Activations;
  for (var i = 0u; i < BLOCK_QUADS; i++) {
    activations.quads[i] = x[row + block * BLOCK_QUADS + i];
  }
  return activations;
}

fn dot_block(block: Block, activations: Activations) -> f32 {
  var sum = 0.0;
  for (var i = 0u; i < BLOCK_QUADS; i++) {
    sum += dot(block_quad(block, i), activations.quads[i]);
  }
  return sum;
}
