// A tile of activations as signed bytes, for a workgroup: activation = scale * byte.
const MOST_LEVEL = 127.0;

struct Activations {
  low: vec4u, // the first 16
  high: vec4u,
  scale: f32,
}

var<workgroup> levels: array<vec4u, TILE_HALVES>; // [TILE_BLOCKS, 2]
var<workgroup> block_scales: array<f32, TILE_BLOCKS>;

// Keeps eight levels, a quarter of a block.
fn keep_levels(quarter: u32, low: vec4u, high: vec4u) {
  let word = 2u * (quarter % 2u);
  levels[quarter / 2u][word] = first_bytes(low);
  levels[quarter / 2u][word + 1u] = first_bytes(high);
}

fn kept_activations(block: u32) -> Activations {
  return Activations(levels[2u * block], levels[2u * block + 1u], block_scales[block]);
}

// The products with 32 signed bytes, added up.
fn dot_bytes(low: vec4u, high: vec4u, activations: Activations) -> f32 {
  return f32(dot16(low, activations.low) + dot16(high, activations.high)) * activations.scale;
}
