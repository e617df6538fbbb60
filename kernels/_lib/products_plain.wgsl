// products (plain): gate's and up's, of block `i` of each, which have no scales.
fn products(i: u32, activations: Activations) -> vec2f {
  return vec2f(dot_block(gate[i], activations), dot_block(up[i], activations));
}
