// gated_products: a workgroup multiplies ROWS rows of two weights by a row of activations.
override ROWS: u32 = 10; // TEAM_SUMS / 2 * TEAMS: a team's sums are gate's and up's in turn

// Row first + at.index of gate and of up, times the row of activations that starts at quad `x_row`, for the first ROWS invocations.
// Every invocation calls.
fn gated_products(first: u32, x_row: u32, at: Invocation) -> vec2f {
  prepare_operand(x_row, at);
  let team = at.index / LANES;
  let rows = min(first + TEAM_SUMS / 2u * team + vec2u(0u, 1u), vec2u(params.rows - 1u)) * params.blocks;
  var sums = vec4f();
  for (var start = 0u; start < params.blocks; start += TILE_BLOCKS) {
    let count = min(TILE_BLOCKS, params.blocks - start);
    fill_tile(x_row, start, count, at.index);
    for (var block = at.index % LANES; team < TEAMS && block < count; block += LANES) {
      let activations = kept_activations(block);
      let i = rows + start + block;
      sums += vec4f(products(i.x, activations), 0.0, 0.0);
      if (TEAM_SUMS > 2u) {
        sums += vec4f(0.0, 0.0, products(i.y, activations));
      }
    }
  }
  let scale = operand_scale(at);
  add_lanes(sums, at.index);
  let i = 2u * min(at.index, ROWS - 1u);
  return scale * vec2f(team_sum(i), team_sum(i + 1u));
}
