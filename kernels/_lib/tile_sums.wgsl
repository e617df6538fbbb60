// tile_sums: the products of the tiles in product_tile. An invocation sums up 8 by 8 of them, of rows y + 8 i of x and y' + 8 j of the
// weights; written out, because compilers keep what a loop indexes in memory.

// Sums of one row of x: weights y', y' + 8, y' + 16, y' + 24, then the other four.
struct Row {
  low: vec4f,
  high: vec4f,
}

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

fn add_product(sum: f32, a: vec4f, b: vec4f) -> f32 {
  return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, sum))));
}

fn add_row(sums: Row, a: vec4f, low: mat4x4f, high: mat4x4f) -> Row {
  return Row(
    vec4f(
      add_product(sums.low.x, a, low[0]),
      add_product(sums.low.y, a, low[1]),
      add_product(sums.low.z, a, low[2]),
      add_product(sums.low.w, a, low[3]),
    ),
    vec4f(
      add_product(sums.high.x, a, high[0]),
      add_product(sums.high.y, a, high[1]),
      add_product(sums.high.z, a, high[2]),
      add_product(sums.high.w, a, high[3]),
    ),
  );
}

fn four_rows(at: u32) -> mat4x4f {
  return mat4x4f(weight_tile[at], weight_tile[at + 64u], weight_tile[at + 128u], weight_tile[at + 192u]);
}

// The products of rows first_row .. of x with the tile's weights. Every invocation calls.
fn multiply_tile(index: u32, first_row: u32) -> Sums {
  var sums: Sums;
  for (var step = 0u; step * QUADS < params.quads; step++) {
    workgroupBarrier();
    load_x(index, first_row, step);
    load_weights(index, step);
    workgroupBarrier();
    for (var quad = 0u; quad < QUADS; quad++) {
      let at = tile_at(index / 8u, quad);
      let weights = tile_at(index % 8u, quad);
      let low = four_rows(weights);
      let high = four_rows(weights + 256u);
      sums.a = add_row(sums.a, x_tile[at], low, high);
      sums.b = add_row(sums.b, x_tile[at + 64u], low, high);
      sums.c = add_row(sums.c, x_tile[at + 128u], low, high);
      sums.d = add_row(sums.d, x_tile[at + 192u], low, high);
      sums.e = add_row(sums.e, x_tile[at + 256u], low, high);
      sums.f = add_row(sums.f, x_tile[at + 320u], low, high);
      sums.g = add_row(sums.g, x_tile[at + 384u], low, high);
      sums.h = add_row(sums.h, x_tile[at + 448u], low, high);
    }
  }
  return sums;
}
