// embed: out[i] = table[ids[i]].
// ids: [l] u32   table: rows first_row .. first_row + rows of [vocab_size, hidden_size], in blocks   out: [l, hidden_size] f32
// Ids of rows that another part of the table holds are passed over.
// Grid: [ceil(blocks / WORKGROUP_SIZE), l], one invocation a block.
override WORKGROUP_SIZE: u32 = 64;

struct Params {
  blocks: u32,
  columns: u32,
  first_row: u32,
  rows: u32,
  ids_offset: u32,
  out_offset: u32,
  out_stride: u32,
}

@group(0) @binding(0) var<storage, read> table: array<Block>;
@group(0) @binding(1) var<storage, read> scales: array<u32>;
@group(0) @binding(2) var<storage, read> ids: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn embed(@builtin(global_invocation_id) id: vec3u) {
  let row = ids[params.ids_offset + id.y] - params.first_row; // wraps where it is below
  if (id.x >= params.blocks || row >= params.rows) {
    return;
  }
  let i = row * params.blocks + id.x;
  let block = table[i];
  var scale = 1.0;
  if (HAS_SCALES) {
    scale = scale_at(scales[i / 2u], i);
  }
  let to = params.out_offset + id.y * params.out_stride;
  for (var quad = 0u; quad < BLOCK_QUADS; quad++) {
    let values = block_quad(block, quad) * scale;
    let column = 4u * (id.x * BLOCK_QUADS + quad);
    for (var j = 0u; j < 4u; j++) {
      if (column + j < params.columns) {
        out[to + column + j] = values[j];
      }
    }
  }
}
