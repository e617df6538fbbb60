// operand (normed): the RMS norm (arXiv:1910.07467) of the activations that a product reads, four at a time. What it divides a row by is
// known when all of it was read, so the products are divided instead: W (norm * x / rms) = (W (norm * x)) / rms.
// x: [l, quads] of f32   norm: [quads]
@group(0) @binding(5) var<storage, read> x: array<vec4f>;
@group(0) @binding(6) var<storage, read> norm: array<vec4f>;

// The squares of the activations that this invocation read.
var<private> squares: f32;

// Every invocation calls, before it reads.
fn prepare_operand(x_row: u32, at: Invocation) {
}

// Activations 4 * quad .. 4 * quad + 3 of the row that starts at quad `x_row`, not divided yet. The workgroup reads each once.
fn operand(x_row: u32, quad: u32) -> vec4f {
  let values = x[x_row + quad];
  squares += dot(values, values);
  return norm[quad] * values;
}

// What the products are to be multiplied by: 1 / sqrt(mean(x^2) + eps). Every invocation calls, when all is read.
fn operand_scale(at: Invocation) -> f32 {
  return 1.0 / sqrt(sum1(squares, at) / f32(4u * params.quads) + params.eps);
}
