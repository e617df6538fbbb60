// tile_sums: the products of the tiles in product_tile. An invocation sums up 8 by 8 of them: 4 rows of x in each half of the tile by 4
// rows of the weights in each half; written out, because compilers keep what a loop indexes in memory.

// Sums of one row of x: with four rows of the weights in the tile's first half, and with four in its second.
struct Row {
  low: vec4f,
  high: vec4f,
}

// a .. d are the rows in the first half, e .. h those in the second.
struct Sums {
  a: Row,
  b: Row,
  c: Row,
  d: Row,
  e: Row,
  f: Row,
  g: Row,
  h: Row,
}

// Of the 32 neighbours that run in step, 8 lanes of weights by 4 lanes of x, pairs of them on the same weights.
fn weight_lane(index: u32) -> u32 {
  return index / 2u % 8u + index / 32u % (LANES / 16u) * 8u;
}

fn x_lane(index: u32) -> u32 {
  return index % 2u + index / 16u % 2u * 2u + index / (2u * LANES) * 4u;
}

fn add_row(sums: Row, x: f32, low: vec4f, high: vec4f) -> Row {
  return Row(fma(vec4f(x), low, sums.low), fma(vec4f(x), high, sums.high));
}

fn add_column(sums: Sums, index: u32, column: u32) -> Sums {
  let a = x_tile[column][x_lane(index)];
  let e = x_tile[column][x_lane(index) + LANES / 2u];
  let low = weight_tile[column][weight_lane(index)];
  let high = weight_tile[column][weight_lane(index) + LANES / 2u];
  return Sums(
    add_row(sums.a, a.x, low, high),
    add_row(sums.b, a.y, low, high),
    add_row(sums.c, a.z, low, high),
    add_row(sums.d, a.w, low, high),
    add_row(sums.e, e.x, low, high),
    add_row(sums.f, e.y, low, high),
    add_row(sums.g, e.z, low, high),
    add_row(sums.h, e.w, low, high),
  );
}

// The products of rows first_row .. of x with the tile's weights, over the columns from quad `start` up to `end`, to keep. Every
// invocation calls.
fn multiply_tile(index: u32, first_row: u32, start: u32, end: u32) {
  var sums: Sums;
  var fetched = fetch(index, first_row, start);
  for (var quad = start; quad < end; quad += COLUMNS / 4u) {
    workgroupBarrier();
    store_tiles(index, quad, fetched);
    workgroupBarrier();
    fetched = fetch(index, first_row, quad + COLUMNS / 4u);
    sums = add_column(sums, index, 0u);
    sums = add_column(sums, index, 1u);
    sums = add_column(sums, index, 2u);
    sums = add_column(sums, index, 3u);
    sums = add_column(sums, index, 4u);
    sums = add_column(sums, index, 5u);
    sums = add_column(sums, index, 6u);
    sums = add_column(sums, index, 7u);
    if (COLUMNS == 16u) {
      sums = add_column(sums, index, 8u);
      sums = add_column(sums, index, 9u);
      sums = add_column(sums, index, 10u);
      sums = add_column(sums, index, 11u);
      sums = add_column(sums, index, 12u);
      sums = add_column(sums, index, 13u);
      sums = add_column(sums, index, 14u);
      sums = add_column(sums, index, 15u);
    }
  }
  let t = first_row + 4u * x_lane(index);
  let row = 4u * weight_lane(index);
  keep(t, row, sums.a.low, sums.a.high);
  keep(t + 1u, row, sums.b.low, sums.b.high);
  keep(t + 2u, row, sums.c.low, sums.c.high);
  keep(t + 3u, row, sums.d.low, sums.d.high);
  let far = t + TILE / 2u;
  keep(far, row, sums.e.low, sums.e.high);
  keep(far + 1u, row, sums.f.low, sums.f.high);
  keep(far + 2u, row, sums.g.low, sums.g.high);
  keep(far + 3u, row, sums.h.low, sums.h.high);
}
