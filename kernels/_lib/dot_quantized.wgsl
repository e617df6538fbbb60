// dot (quantised): the activations that meet a block of quantised weights, themselves quantised.
alias Activations = QuantizedActivations;

// Block `block` of the row that starts at quad `x_row`.
fn activations_at(x_row: u32, block: u32) -> Activations {
  let quad = 8u * block;
  return quantize_block(QuadBlock(
    operand(x_row, quad),
    operand(x_row, quad + 1u),
    operand(x_row, quad + 2u),
    operand(x_row, quad + 3u),
    operand(x_row, quad + 4u),
    operand(x_row, quad + 5u),
    operand(x_row, quad + 6u),
    operand(x_row, quad + 7u),
  ));
}
