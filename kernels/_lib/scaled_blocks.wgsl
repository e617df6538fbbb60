// The blocks of up to eight rows of weights that an invocation holds at a time, and their products with activations.
struct ScaledBlock {
  block: Block,
  scale: f32,
}

struct Blocks {
  a: ScaledBlock,
  b: ScaledBlock,
  c: ScaledBlock,
  d: ScaledBlock,
  e: ScaledBlock,
  f: ScaledBlock,
  g: ScaledBlock,
  h: ScaledBlock,
}

fn product(weights: ScaledBlock, activations: Activations) -> f32 {
  let product = dot_block(weights.block, activations);
  if (HAS_SCALES) {
    return product * weights.scale;
  }
  return product;
}
