// row_product: a workgroup multiplies ROWS rows of a weight by a row of activations.
// weights: [rows, blocks] blocks, their scales: see product
override ROWS: u32 = 20; // TEAM_SUMS * TEAMS

@group(0) @binding(0) var<storage, read> weights: array<Block>;

// Row first + at.index of the weight, times the row of activations that starts at quad `x_row`, for the first ROWS invocations.
// Every invocation calls.
fn row_product(first: u32, x_row: u32, at: Invocation) -> f32 {
  prepare_operand(x_row, at);
  let team = at.index / LANES;
  let rows = min(first + TEAM_SUMS * team + vec4u(0u, 1u, 2u, 3u), vec4u(params.rows - 1u)) * params.blocks;
  var sums = vec4f();
  for (var start = 0u; start < params.blocks; start += TILE_BLOCKS) {
    let count = min(TILE_BLOCKS, params.blocks - start);
    fill_tile(x_row, start, count, at.index);
    for (var block = at.index % LANES; team < TEAMS && block < count; block += LANES) {
      let activations = kept_activations(block);
      let i = rows + start + block;
      sums.x += product(i.x, activations);
      if (TEAM_SUMS > 1u) {
        sums.y += product(i.y, activations);
      }
      if (TEAM_SUMS > 2u) {
        sums.z += product(i.z, activations);
        sums.w += product(i.w, activations);
      }
    }
  }
  let scale = operand_scale(at);
  add_lanes(sums, at.index);
  return scale * team_sum(min(at.index, ROWS - 1u));
}
