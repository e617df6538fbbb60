// block (iq4_nl): ggml's 32 indices of 4 bits into a table of 16 bytes; byte j holds weight j low and weight j + 16 high. The f16
// scales stand in a buffer of their own, two to a word.
alias Block = vec4u;
const BLOCK_QUADS = 8u;
const HAS_SCALES = true;

fn pick(low: vec4u, high: vec4u, mask: vec4u) -> vec4u {
  return low ^ ((low ^ high) & mask);
}

// The bytes' lowest bits, to all of the byte.
fn spread(bits: vec4u) -> vec4u {
  return (bits & vec4u(0x01010101u)) * 255u;
}

// The table, sixteen indices at a time, one in each byte: -127 -104 -83 -65 -49 -35 -22 -10 1 13 25 38 53 69 89 113. Lowest bit first:
// a pair's lower value plus the difference where the bit is set, which carries into no other byte; then halves are picked.
fn table_bytes(indices: vec4u) -> vec4u {
  let odd = indices & vec4u(0x01010101u);
  let second = spread(indices >> vec4u(1u));
  let third = spread(indices >> vec4u(2u));
  let a = pick(0x81818181u + odd * 23u, 0xadadadadu + odd * 18u, second);
  let b = pick(0xcfcfcfcfu + odd * 14u, 0xeaeaeaeau + odd * 12u, second);
  let c = pick(0x01010101u + odd * 12u, 0x19191919u + odd * 13u, second);
  let d = pick(0x35353535u + odd * 16u, 0x59595959u + odd * 24u, second);
  return pick(pick(a, b, third), pick(c, d, third), spread(indices >> vec4u(3u)));
}

// Weights 4 * quad .. 4 * quad + 3 of a block, unscaled.
fn block_quad(block: Block, quad: u32) -> vec4f {
  let indices = (block[quad & 3u] >> (4u * (quad >> 2u))) & 0x0f0f0f0fu;
  return vec4f(unpack4xI8(table_bytes(vec4u(indices)).x));
}
