// operand (convolved): a mixer's convolution as the activations that x_proj reads, computed on the way.
// Every invocation calls, before it reads.
fn prepare_operand(x_row: u32, at: Invocation) {
}

fn operand(x_row: u32, quad: u32) -> vec4f {
  return convolved_quad(conv_rows(quad), quad);
}

fn operand_scale(at: Invocation) -> f32 {
  return 1.0;
}
