// One tile of keys of the attention kernel: the scores of its keys and, by the online softmax, their weights.
// products: [GROUP, PARTS, TILE]   scores, weights: [GROUP, TILE]   highest, rescale: [GROUP], the largest score before the tile
// and with it
override PARTS: u32 = 4; // invocations that share a key: WORKGROUP_SIZE / TILE
// Sizes of the arrays below, spelt out because naga accepts no products there.
override QUERY_SIZE: u32 = 320; // GROUP * HEAD_DIM
override PRODUCTS_SIZE: u32 = 640; // GROUP * WORKGROUP_SIZE
override SCORES_SIZE: u32 = 160; // GROUP * TILE
const TILE = 32u; // keys at a time
const LOWEST = -3.0e38;

var<workgroup> query: array<f32, QUERY_SIZE>;
var<workgroup> products: array<f32, PRODUCTS_SIZE>;
var<workgroup> scores: array<f32, SCORES_SIZE>;
var<workgroup> weights: array<f32, SCORES_SIZE>;
var<workgroup> highest: array<f32, 8>;
var<workgroup> rescale: array<f32, 8>;
var<workgroup> slots: array<u32, TILE>;

// Partial dot products of key `index % TILE` of the tile with every query of the group.
fn multiply_keys(index: u32, count: u32, kv_head: u32) {
  let key = index % TILE;
  let part = index / TILE;
  var sums: array<f32, 8>;
  if (key < count) {
    let row = params.keys_offset + slots[key] * params.keys_stride + kv_head * HEAD_DIM;
    for (var i = part; i < HEAD_DIM / CACHE_PACK; i += PARTS) {
      let elements = cache_elements(keys[row / CACHE_PACK + i]);
      for (var g = 0u; g < GROUP; g++) {
        sums[g] += elements.x * query[g * HEAD_DIM + i * CACHE_PACK];
        if (CACHE_PACK == 2u) {
          sums[g] += elements.y * query[g * HEAD_DIM + i * CACHE_PACK + 1u];
        }
      }
    }
  }
  for (var g = 0u; g < GROUP; g++) {
    products[(g * PARTS + part) * TILE + key] = sums[g];
  }
}

fn add_products(index: u32, count: u32) {
  for (var i = index; i < GROUP * TILE; i += WORKGROUP_SIZE) {
    var sum = 0.0;
    for (var part = 0u; part < PARTS; part++) {
      sum += products[(i / TILE * PARTS + part) * TILE + i % TILE];
    }
    scores[i] = select(LOWEST, sum * params.scale, i % TILE < count);
  }
}

fn weigh(index: u32, count: u32) {
  for (var i = index; i < GROUP * TILE; i += WORKGROUP_SIZE) {
    let g = i / TILE;
    var maximum = highest[g];
    for (var key = 0u; key < count; key++) {
      maximum = max(maximum, scores[g * TILE + key]);
    }
    weights[i] = select(0.0, exp(scores[i] - maximum), i % TILE < count);
    if (i % TILE == 0u) {
      rescale[g] = maximum;
    }
  }
}
