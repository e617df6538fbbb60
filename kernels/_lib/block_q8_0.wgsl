// block (q8_0): ggml's 32 signed bytes; the f16 scales stand in a buffer of their own, two to a word.
struct Block {
  low: vec4u,
  high: vec4u,
}
const BLOCK_QUADS = 8u;
const HAS_SCALES = true;

// Weights 4 * quad .. 4 * quad + 3 of a block, unscaled.
fn block_quad(block: Block, quad: u32) -> vec4f {
  let words = select(block.low, block.high, quad >= 4u);
  return vec4f(unpack4xI8(words[quad & 3u]));
}
