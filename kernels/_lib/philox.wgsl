// Philox4x32-10, as runtime/random.ts has it (Salmon et al., SC11, section 4.3): the four words of counter (block, step, 0, 0).
fn philox(block: u32, step: u32, seed: vec2u) -> vec4u {
  var c = vec4u(block, step, 0u, 0u);
  var k = seed;
  for (var round = 0u; round < 10u; round++) {
    let high = vec2u(mul_high(0xd2511f53u, c.x), mul_high(0xcd9e8d57u, c.z));
    c = vec4u(high.y ^ c.y ^ k.x, 0xcd9e8d57u * c.z, high.x ^ c.w ^ k.y, 0xd2511f53u * c.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
