// dot (quantised): the activations that meet a block of quantised weights, themselves quantised.
alias Activations = QuantizedActivations;

// Block `block` of the row that starts at quad `x_row`, times `scale` where it is normed.
fn activations_at(x_row: u32, block: u32, scale: f32) -> Activations {
  let quad = 8u * block;
  return quantize_block(QuadBlock(
    operand(x_row, quad, scale),
    operand(x_row, quad + 1u, scale),
    operand(x_row, quad + 2u, scale),
    operand(x_row, quad + 3u, scale),
    operand(x_row, quad + 4u, scale),
    operand(x_row, quad + 5u, scale),
    operand(x_row, quad + 6u, scale),
    operand(x_row, quad + 7u, scale),
  ));
}
