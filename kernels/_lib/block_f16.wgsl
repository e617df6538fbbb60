// block (f16): the 8 weights of one load.
alias Block = vec4u;
const BLOCK_QUADS = 2u;
const HAS_SCALES = false;

// Weights 4 * quad .. 4 * quad + 3 of a block.
fn block_quad(block: Block, quad: u32) -> vec4f {
  let words = select(block.xy, block.zw, quad == 1u);
  return vec4f(unpack2x16float(words.x), unpack2x16float(words.y));
}
