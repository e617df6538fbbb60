// Key/value cache of f16, read four elements at a time: heads and rows are whole quads.
@group(0) @binding(1) var<storage, read> keys: array<vec2u>;
@group(0) @binding(2) var<storage, read> values: array<vec2u>;

fn quad_of(words: vec2u) -> vec4f {
  return vec4f(unpack2x16float(words.x), unpack2x16float(words.y));
}

// Elements 4 * quad .. 4 * quad + 3 of the key head that starts at element `row`.
fn key_quad(row: u32, quad: u32) -> vec4f {
  return quad_of(keys[row / 4u + quad]);
}

fn value_quad(row: u32, quad: u32) -> vec4f {
  return quad_of(values[row / 4u + quad]);
}
