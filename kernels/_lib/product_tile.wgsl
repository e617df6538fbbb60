// product_tile: TILE rows of x by TILE rows of weights, TILE / 8 columns at a time in workgroup memory, for kernels that define
//   fn weight_block(row: u32, block: u32) -> Block   and   fn weight_scale(row: u32, block: u32) -> f32
// over rows 0 .. TILE - 1 of the tile. What tile_sums.wgsl multiplies. An invocation brings two quads of one row of x and of one of the
// weights: fetched before the products of the columns at hand, stored after them.
const WORKGROUP_SIZE = TILE * TILE / 64u;
const COLUMNS = TILE / 8u;
const LANES = TILE / 4u; // quads of rows

@group(0) @binding(4) var<storage, read> x: array<vec4f>; // [l, quads] of [l, k] f32

var<workgroup> x_tile: array<array<vec4f, LANES>, COLUMNS>; // by column, then by row
var<workgroup> weight_tile: array<array<vec4f, LANES>, COLUMNS>;

// The number, along a row, of the first quad that an invocation brings of the columns from quad `start` on.
fn first_quad(index: u32, start: u32) -> u32 {
  return start + index / TILE * 2u;
}

struct Fetched {
  x_low: vec4f,
  x_high: vec4f,
  low: Block, // holds the first quad of the weights
  high: Block, // and the second
  scales: vec2f,
}

fn x_quad(row: u32, quad: u32) -> vec4f {
  let t = min(row, params.l - 1u);
  let value = x[params.x_offset + t * params.x_stride + min(quad, params.quads - 1u)];
  return select(vec4f(), value, quad < params.quads);
}

// Columns beyond the last count as 0.
fn fetch(index: u32, first_row: u32, start: u32) -> Fetched {
  let quad = first_quad(index, start);
  let row = index % TILE;
  var fetched: Fetched;
  fetched.x_low = x_quad(first_row + row, quad);
  fetched.x_high = x_quad(first_row + row, quad + 1u);
  let block = quad / BLOCK_QUADS;
  let inside = min(block, params.blocks - 1u);
  fetched.low = weight_block(row, inside);
  fetched.high = fetched.low;
  fetched.scales = vec2f(select(0.0, weight_scale(row, inside), block < params.blocks));
  if (BLOCK_QUADS == 1u) {
    fetched.high = weight_block(row, min(block + 1u, params.blocks - 1u));
    fetched.scales.y = select(0.0, 1.0, block + 1u < params.blocks);
  }
  return fetched;
}

fn store_x(column: u32, row: u32, quad: vec4f) {
  x_tile[column][row / 4u][row % 4u] = quad.x;
  x_tile[column + 1u][row / 4u][row % 4u] = quad.y;
  x_tile[column + 2u][row / 4u][row % 4u] = quad.z;
  x_tile[column + 3u][row / 4u][row % 4u] = quad.w;
}

fn store_weights(column: u32, row: u32, quad: vec4f) {
  weight_tile[column][row / 4u][row % 4u] = quad.x;
  weight_tile[column + 1u][row / 4u][row % 4u] = quad.y;
  weight_tile[column + 2u][row / 4u][row % 4u] = quad.z;
  weight_tile[column + 3u][row / 4u][row % 4u] = quad.w;
}

fn store_tiles(index: u32, start: u32, fetched: Fetched) {
  let row = index % TILE;
  let column = index / TILE * 8u;
  let quad = first_quad(index, start);
  store_x(column, row, fetched.x_low);
  store_x(column + 4u, row, fetched.x_high);
  store_weights(column, row, block_quad(fetched.low, quad % BLOCK_QUADS) * fetched.scales.x);
  store_weights(column + 4u, row, block_quad(fetched.high, (quad + 1u) % BLOCK_QUADS) * fetched.scales.y);
}
