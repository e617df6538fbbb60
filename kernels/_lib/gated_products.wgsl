// gated_products: a workgroup multiplies ROWS rows of two weights by a row of activations. Divided as row_product is.
override ROWS: u32 = 4; // 1, 2 or 4

// Row first + at.index of gate and of up, times the row of activations that starts at quad `x_row`, for the first ROWS invocations.
// Every invocation calls.
fn gated_products(first: u32, x_row: u32, at: Invocation) -> vec2f {
  prepare_operand(x_row, at);
  let rows = min(first + vec4u(0u, 1u, 2u, 3u), vec4u(params.rows - 1u)) * params.blocks;
  var low = vec4f(); // of rows 0 and 1: gate, up, gate, up
  var high = vec4f();
  for (var block = at.index; block < params.blocks; block += WORKGROUP_SIZE) {
    let activations = activations_at(x_row, block);
    low += vec4f(products(rows.x + block, activations), 0.0, 0.0);
    if (ROWS > 1u) {
      low += vec4f(0.0, 0.0, products(rows.y + block, activations));
    }
    if (ROWS > 2u) {
      high += vec4f(products(rows.z + block, activations), products(rows.w + block, activations));
    }
  }
  let scale = operand_scale(at);
  var totals = sum4(low, at);
  if (ROWS > 2u) {
    let high_totals = sum4(high, at);
    totals = select(totals, high_totals, at.index >= 2u);
  }
  return scale * select(totals.xy, totals.zw, (at.index & 1u) == 1u);
}
