// block (bf16): the 8 weights of one load. A bfloat16 is the high half of an f32.
alias Block = vec4u;
const BLOCK_QUADS = 2u;
const HAS_SCALES = false;

// Weights 4 * quad .. 4 * quad + 3 of a block.
fn block_quad(block: Block, quad: u32) -> vec4f {
  let words = select(block.xy, block.zw, quad == 1u);
  let bits = vec4u(words.x << 16u, words.x & 0xffff0000u, words.y << 16u, words.y & 0xffff0000u);
  return bitcast<vec4f>(bits);
}
