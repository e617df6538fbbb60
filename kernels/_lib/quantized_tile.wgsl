// tile (quantised): blocks of activations that a workgroup quantises once and shares.
override TILE_HALVES: u32 = 128; // 2 * TILE_BLOCKS, spelt out because naga accepts no products in the size of an array

var<workgroup> quarter_maxima: array<vec4f, 64>; // [WORKGROUP_SIZE / 4]

// Brings blocks first to first + count - 1 of the row that starts at quad `x_row`: an invocation takes a quarter of a block at a time.
// Every invocation calls; the tile before may be in use by others until the first barrier.
fn fill_tile(x_row: u32, first: u32, count: u32, index: u32) {
  for (var start = 0u; start < 4u * count; start += WORKGROUP_SIZE) {
    let quarter = start + index;
    let inside = quarter < 4u * count;
    var low = vec4f();
    var high = vec4f();
    if (inside) {
      low = operand(x_row, 8u * first + 2u * quarter);
      high = operand(x_row, 8u * first + 2u * quarter + 1u);
    }
    let sizes = max(abs(low), abs(high));
    workgroupBarrier();
    quarter_maxima[index / 4u][index % 4u] = max(max(sizes.x, sizes.y), max(sizes.z, sizes.w));
    workgroupBarrier();
    let maxima = quarter_maxima[index / 4u];
    let most = max(max(maxima.x, maxima.y), max(maxima.z, maxima.w));
    let inverse = select(0.0, MOST_LEVEL / most, most > 0.0);
    if (inside) {
      keep_levels(quarter, level_quad(low, inverse), level_quad(high, inverse));
      if (quarter % 4u == 0u) {
        block_scales[quarter / 4u] = most / MOST_LEVEL;
      }
    }
  }
  workgroupBarrier();
}
