// row_product: a workgroup multiplies ROWS rows of a weight by a row of activations; an invocation takes one block of each at a time,
// so that all their loads are under way at once. weights: [rows, blocks] blocks, their scales: see product
override ROWS: u32 = 4; // 1, 2, 4 or 8

@group(0) @binding(0) var<storage, read> weights: array<Block>;

// Row first + at.index of the weight, times the row of activations that starts at quad `x_row`, for the first ROWS invocations.
// Every invocation calls.
fn row_product(first: u32, x_row: u32, at: Invocation) -> f32 {
  prepare_operand(x_row, at);
  let low_rows = min(first + vec4u(0u, 1u, 2u, 3u), vec4u(params.rows - 1u)) * params.blocks;
  let high_rows = min(first + vec4u(4u, 5u, 6u, 7u), vec4u(params.rows - 1u)) * params.blocks;
  var low = vec4f();
  var high = vec4f();
  for (var block = at.index; block < params.blocks; block += WORKGROUP_SIZE) {
    let activations = activations_at(x_row, block);
    low.x += product(low_rows.x + block, activations);
    if (ROWS > 1u) {
      low.y += product(low_rows.y + block, activations);
    }
    if (ROWS > 2u) {
      low.z += product(low_rows.z + block, activations);
      low.w += product(low_rows.w + block, activations);
    }
    if (ROWS > 4u) {
      high.x += product(high_rows.x + block, activations);
      high.y += product(high_rows.y + block, activations);
      high.z += product(high_rows.z + block, activations);
      high.w += product(high_rows.w + block, activations);
    }
  }
  let scale = operand_scale(at);
  var totals = sum4(low, at);
  if (ROWS > 4u) {
    let high_totals = sum4(high, at);
    totals = select(totals, high_totals, at.index >= 4u);
  }
  return scale * totals[at.index & 3u];
}
