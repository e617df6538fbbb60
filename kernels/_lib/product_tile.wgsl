// product_tile: 64 rows of x by 64 rows of weights, 32 columns at a time in workgroup memory, for kernels that define
//   fn weight_block(row: u32, block: u32) -> Block   and   fn weight_scale(row: u32, block: u32) -> f32
// over rows 0 .. 63 of the tile. An invocation sums up 8 by 8 products, of rows y + 8 i of x and y' + 8 j of the weights; written
// out, because compilers keep what a loop indexes in memory.
const WORKGROUP_SIZE = 64u;
const TILE = 64u;
const QUADS = 8u; // of the columns at hand

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

var<workgroup> x_tile: array<vec4f, 512>; // [TILE, QUADS], the quads of a row in an order that keeps readers off each other's banks
var<workgroup> weight_tile: array<vec4f, 512>;

fn tile_at(row: u32, quad: u32) -> u32 {
  return row * QUADS + (quad ^ (row & 7u));
}

// Columns 32 * step .. of rows first_row .. of x; 0 beyond its last column.
fn load_x(index: u32, first_row: u32, step: u32) {
  let quad = index % QUADS;
  let column_quad = min(step * QUADS + quad, params.quads - 1u);
  let inside = step * QUADS + quad < params.quads;
  for (var row = index / QUADS; row < TILE; row += WORKGROUP_SIZE / QUADS) {
    let t = min(first_row + row, params.l - 1u);
    x_tile[tile_at(row, quad)] = select(vec4f(), x[params.x_offset + t * params.x_stride + column_quad], inside);
  }
}

fn load_weights(index: u32, step: u32) {
  let row_blocks = QUADS / BLOCK_QUADS;
  for (var i = index; i < TILE * row_blocks; i += WORKGROUP_SIZE) {
    let row = i / row_blocks;
    let within = i % row_blocks;
    let column_block = step * row_blocks + within;
    let block = weight_block(row, min(column_block, params.blocks - 1u));
    let scale = select(0.0, weight_scale(row, min(column_block, params.blocks - 1u)), column_block < params.blocks);
    for (var quad = 0u; quad < BLOCK_QUADS; quad++) {
      weight_tile[tile_at(row, within * BLOCK_QUADS + quad)] = block_quad(block, quad) * scale;
    }
  }
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

fn weight_quads(y: u32, quad: u32) -> mat4x4f {
  return mat4x4f(
    weight_tile[tile_at(y, quad)],
    weight_tile[tile_at(y + 8u, quad)],
    weight_tile[tile_at(y + 16u, quad)],
    weight_tile[tile_at(y + 24u, quad)],
  );
}

// The products of rows first_row .. of x with the tile's weights. Every invocation calls.
fn multiply_tile(index: u32, first_row: u32) -> Sums {
  let y = index / 8u;
  var sums: Sums;
  for (var step = 0u; step * QUADS < params.quads; step++) {
    workgroupBarrier();
    load_x(index, first_row, step);
    load_weights(index, step);
    workgroupBarrier();
    for (var quad = 0u; quad < QUADS; quad++) {
      let low = weight_quads(index % 8u, quad);
      let high = weight_quads(index % 8u + 32u, quad);
      sums.a = add_row(sums.a, x_tile[tile_at(y, quad)], low, high);
      sums.b = add_row(sums.b, x_tile[tile_at(y + 8u, quad)], low, high);
      sums.c = add_row(sums.c, x_tile[tile_at(y + 16u, quad)], low, high);
      sums.d = add_row(sums.d, x_tile[tile_at(y + 24u, quad)], low, high);
      sums.e = add_row(sums.e, x_tile[tile_at(y + 32u, quad)], low, high);
      sums.f = add_row(sums.f, x_tile[tile_at(y + 40u, quad)], low, high);
      sums.g = add_row(sums.g, x_tile[tile_at(y + 48u, quad)], low, high);
      sums.h = add_row(sums.h, x_tile[tile_at(y + 56u, quad)], low, high);
    }
  }
  return sums;
}
