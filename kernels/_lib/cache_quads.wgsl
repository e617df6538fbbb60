// Elements 4 * quad .. 4 * quad + 3 of the key head that starts at element `row`.
fn key_quad(row: u32, quad: u32) -> vec4f {
  return quad_of(keys[row / 4u + quad]);
}

fn value_quad(row: u32, quad: u32) -> vec4f {
  return quad_of(values[row / 4u + quad]);
}
