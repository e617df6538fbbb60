// dot (q8_0): a block of weights times quantised activations, four products an instruction.
alias XElement = QuantizedActivations;
alias Activations = QuantizedActivations;

// The activations that meet weight block `block`, in the row that starts at element `row` of x.
fn activations_at(row: u32, block: u32) -> Activations {
  return x[row + block];
}

fn dot_block(block: Block, activations: Activations) -> f32 {
  return dot_bytes(block.low, block.high, activations);
}
