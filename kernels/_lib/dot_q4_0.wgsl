// dot (q4_0): a block of weights times 8-bit activations, four products an instruction.
// The weights' offset is taken out once: sum((nibble - 8) * x) = sum(nibble * x) - 8 * sum(x).
alias XElement = QuantizedActivations;
alias Activations = QuantizedActivations;

// The activations that meet weight block `block`, in the row that starts at element `row` of x.
fn activations_at(row: u32, block: u32) -> Activations {
  return x[row + block];
}

fn dot_block(block: Block, activations: Activations) -> f32 {
  let low = block & vec4u(0x0f0f0f0fu);
  let high = (block >> vec4u(4u)) & vec4u(0x0f0f0f0fu);
  var sum = 0;
  for (var i = 0u; i < 4u; i++) {
    sum += dot4I8Packed(low[i], activations.low[i]) + dot4I8Packed(high[i], activations.high[i]);
  }
  return f32(sum) * activations.scale - 8.0 * activations.sum;
}
