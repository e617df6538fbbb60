// block (f32): the 4 weights of one load.
alias Block = vec4f;
const BLOCK_QUADS = 1u;
const HAS_SCALES = false;

// Weights 4 * quad .. 4 * quad + 3 of a block.
fn block_quad(block: Block, quad: u32) -> vec4f {
  return block;
}
