// A tile of activations as two signed bytes each, for a workgroup: activation = scale * (256 * coarse + fine), at most 32639 = 127 * 256 +
// 127 scales.
const MOST_LEVEL = 32639.0;

struct Activations {
  coarse_low: vec4u, // of the first 16
  coarse_high: vec4u,
  fine_low: vec4u,
  fine_high: vec4u,
  scale: f32,
}

var<workgroup> coarse: array<vec4u, TILE_HALVES>; // [TILE_BLOCKS, 2]
var<workgroup> fine: array<vec4u, TILE_HALVES>;
var<workgroup> block_scales: array<f32, TILE_BLOCKS>;

// Keeps eight levels, a quarter of a block. A level's coarse byte is its second one, rounded by the first, which is the fine one.
fn keep_levels(quarter: u32, low: vec4u, high: vec4u) {
  let half = quarter / 2u;
  let word = 2u * (quarter % 2u);
  coarse[half][word] = second_bytes(low + 128u);
  coarse[half][word + 1u] = second_bytes(high + 128u);
  fine[half][word] = first_bytes(low);
  fine[half][word + 1u] = first_bytes(high);
}

fn kept_activations(block: u32) -> Activations {
  let half = 2u * block;
  return Activations(coarse[half], coarse[half + 1u], fine[half], fine[half + 1u], block_scales[block]);
}

// The products with 32 signed bytes, added up: below 2^28, so exact until scaled.
fn dot_bytes(low: vec4u, high: vec4u, activations: Activations) -> f32 {
  let coarse_sum = dot16(low, activations.coarse_low) + dot16(high, activations.coarse_high);
  let fine_sum = dot16(low, activations.fine_low) + dot16(high, activations.fine_high);
  return f32(256 * coarse_sum + fine_sum) * activations.scale;
}
