// product_tile: 64 rows of x by 64 rows of weights, 32 columns at a time in workgroup memory, for kernels that define
//   fn weight_block(row: u32, block: u32) -> Block   and   fn weight_scale(row: u32, block: u32) -> f32
// over rows 0 .. 63 of the tile. What tile_sums.wgsl multiplies.
const WORKGROUP_SIZE = 64u;
const TILE = 64u;
const QUADS = 8u; // of the columns at hand

var<workgroup> x_tile: array<vec4f, 512>; // [TILE, QUADS], the quads of a row in an order that keeps readers off each other's banks
var<workgroup> weight_tile: array<vec4f, 512>;

fn tile_at(row: u32, quad: u32) -> u32 {
  return row * QUADS + (quad ^ (row & 7u));
}

fn x_quad(row: u32, quad: u32) -> vec4f {
  let t = min(row, params.l - 1u);
  let value = x[params.x_offset + t * params.x_stride + min(quad, params.quads - 1u)];
  return select(vec4f(), value, quad < params.quads);
}

// Columns 32 * step .. of rows first_row .. of x; 0 beyond its last column. All are read before one is written.
fn load_x(index: u32, first_row: u32, step: u32) {
  let row = first_row + index / QUADS;
  let quad = step * QUADS + index % QUADS;
  let low = mat4x4f(x_quad(row, quad), x_quad(row + 8u, quad), x_quad(row + 16u, quad), x_quad(row + 24u, quad));
  let high = mat4x4f(x_quad(row + 32u, quad), x_quad(row + 40u, quad), x_quad(row + 48u, quad), x_quad(row + 56u, quad));
  let at = tile_at(index / QUADS, index % QUADS);
  x_tile[at] = low[0];
  x_tile[at + 64u] = low[1];
  x_tile[at + 128u] = low[2];
  x_tile[at + 192u] = low[3];
  x_tile[at + 256u] = high[0];
  x_tile[at + 320u] = high[1];
  x_tile[at + 384u] = high[2];
  x_tile[at + 448u] = high[3];
}

const ROW_BLOCKS = QUADS / BLOCK_QUADS;

// The block that holds this invocation's i-th quad, counted over the tile.
fn block_number(index: u32, i: u32) -> u32 {
  return index + i / BLOCK_QUADS * WORKGROUP_SIZE;
}

fn weight_quad(index: u32, step: u32, i: u32) -> vec4f {
  let number = block_number(index, i);
  let column_block = step * ROW_BLOCKS + number % ROW_BLOCKS;
  let block = min(column_block, params.blocks - 1u);
  let scale = select(0.0, weight_scale(number / ROW_BLOCKS, block), column_block < params.blocks);
  return block_quad(weight_block(number / ROW_BLOCKS, block), i % BLOCK_QUADS) * scale;
}

fn store_weight(index: u32, i: u32, value: vec4f) {
  let number = block_number(index, i);
  weight_tile[tile_at(number / ROW_BLOCKS, number % ROW_BLOCKS * BLOCK_QUADS + i % BLOCK_QUADS)] = value;
}

fn load_weights(index: u32, step: u32) {
  let low = mat4x4f(
    weight_quad(index, step, 0u),
    weight_quad(index, step, 1u),
    weight_quad(index, step, 2u),
    weight_quad(index, step, 3u),
  );
  let high = mat4x4f(
    weight_quad(index, step, 4u),
    weight_quad(index, step, 5u),
    weight_quad(index, step, 6u),
    weight_quad(index, step, 7u),
  );
  store_weight(index, 0u, low[0]);
  store_weight(index, 1u, low[1]);
  store_weight(index, 2u, low[2]);
  store_weight(index, 3u, low[3]);
  store_weight(index, 4u, high[0]);
  store_weight(index, 5u, high[1]);
  store_weight(index, 6u, high[2]);
  store_weight(index, 7u, high[3]);
}
