// Key/value cache, read element by element: heads of any width. What lies beyond a head is 0.
@group(0) @binding(1) var<storage, read> keys: array<u32>;
@group(0) @binding(2) var<storage, read> values: array<u32>;

fn key_element(row: u32, i: u32) -> f32 {
  return select(0.0, cache_element(keys[(row + i) / CACHE_PACK], row + i), i < HEAD_DIM);
}

fn value_element(row: u32, i: u32) -> f32 {
  return select(0.0, cache_element(values[(row + i) / CACHE_PACK], row + i), i < V_HEAD_DIM);
}

// Elements 4 * quad .. 4 * quad + 3 of the key head that starts at element `row`.
fn key_quad(row: u32, quad: u32) -> vec4f {
  let i = 4u * quad;
  return vec4f(key_element(row, i), key_element(row, i + 1u), key_element(row, i + 2u), key_element(row, i + 3u));
}

fn value_quad(row: u32, quad: u32) -> vec4f {
  let i = 4u * quad;
  return vec4f(value_element(row, i), value_element(row, i + 1u), value_element(row, i + 2u), value_element(row, i + 3u));
}
