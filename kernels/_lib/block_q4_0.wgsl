// block (q4_0): ggml's 32 nibbles, weight = nibble - 8; byte j holds weight j low and weight j + 16 high. The f16 scales
// stand in a buffer of their own, two to a word.
alias Block = vec4u;
const BLOCK_QUADS = 8u;
const HAS_SCALES = true;

// Weights 4 * quad .. 4 * quad + 3 of a block, unscaled.
fn block_quad(block: Block, quad: u32) -> vec4f {
  let nibbles = (block[quad & 3u] >> (4u * (quad >> 2u))) & 0x0f0f0f0fu;
  return vec4f(unpack4xU8(nibbles)) - 8.0;
}
