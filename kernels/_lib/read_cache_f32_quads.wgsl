// Key/value cache of f32, read four elements at a time: heads and rows are whole quads.
@group(0) @binding(1) var<storage, read> keys: array<vec4f>;
@group(0) @binding(2) var<storage, read> values: array<vec4f>;

// Elements 4 * quad .. 4 * quad + 3 of the key head that starts at element `row`.
fn key_quad(row: u32, quad: u32) -> vec4f {
  return keys[row / 4u + quad];
}

fn value_quad(row: u32, quad: u32) -> vec4f {
  return values[row / 4u + quad];
}
