// input a in a buffer of its own.
@group(0) @binding(0) var<storage, read> a: array<f32>;

fn a_at(i: u32) -> f32 {
  return a[i];
}
