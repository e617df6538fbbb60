// operand (plain): the activations that a product reads, four at a time.
// x: [l, quads] of f32, rows ending in zeros
@group(0) @binding(5) var<storage, read> x: array<vec4f>;

// Every invocation calls, before it reads.
fn prepare_operand(x_row: u32, at: Invocation) {
}

// Activations 4 * quad .. 4 * quad + 3 of the row that starts at quad `x_row`.
fn operand(x_row: u32, quad: u32) -> vec4f {
  return x[x_row + quad];
}

fn operand_scale(at: Invocation) -> f32 {
  return 1.0;
}
