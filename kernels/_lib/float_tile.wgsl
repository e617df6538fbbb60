// tile (f32): blocks of activations that a workgroup shares, for weights of f32, f16 and bf16.
override TILE_QUADS: u32 = 128; // BLOCK_QUADS * TILE_BLOCKS, spelt out because naga accepts no products in the size of an array

var<workgroup> tile: array<vec4f, TILE_QUADS>;

struct Activations {
  low: vec4f,
  high: vec4f,
}

fn keep_quad(x_row: u32, start: u32, quad: u32, count: u32) {
  if (quad < count) {
    tile[quad] = operand(x_row, start + quad);
  }
}

// Brings blocks first to first + count - 1 of the row that starts at quad `x_row`. Every invocation calls; the tile before may be in use
// by others until the first barrier.
fn fill_tile(x_row: u32, first: u32, count: u32, index: u32) {
  workgroupBarrier();
  for (var quad = index; quad < BLOCK_QUADS * count; quad += 4u * WORKGROUP_SIZE) {
    keep_quad(x_row, BLOCK_QUADS * first, quad, BLOCK_QUADS * count);
    keep_quad(x_row, BLOCK_QUADS * first, quad + WORKGROUP_SIZE, BLOCK_QUADS * count);
    keep_quad(x_row, BLOCK_QUADS * first, quad + 2u * WORKGROUP_SIZE, BLOCK_QUADS * count);
    keep_quad(x_row, BLOCK_QUADS * first, quad + 3u * WORKGROUP_SIZE, BLOCK_QUADS * count);
  }
  workgroupBarrier();
}

fn kept_activations(block: u32) -> Activations {
  return Activations(tile[BLOCK_QUADS * block], tile[BLOCK_QUADS * block + BLOCK_QUADS - 1u]);
}

fn dot_block(block: Block, activations: Activations) -> f32 {
  var sum = dot(block_quad(block, 0u), activations.low);
  if (BLOCK_QUADS == 2u) {
    sum += dot(block_quad(block, 1u), activations.high);
  }
  return sum;
}
