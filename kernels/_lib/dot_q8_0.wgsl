// dot (q8_0): a block of weights times 8-bit activations, four products an instruction.
alias XElement = QuantizedActivations;
alias Activations = QuantizedActivations;

// The activations that meet weight block `block`, in the row that starts at element `row` of x.
fn activations_at(row: u32, block: u32) -> Activations {
  return x[row + block];
}

fn dot_block(block: Block, activations: Activations) -> f32 {
  var sum = 0;
  for (var i = 0u; i < 4u; i++) {
    sum += dot4I8Packed(block.low[i], activations.low[i]) + dot4I8Packed(block.high[i], activations.high[i]);
  }
  return f32(sum) * activations.scale;
}
