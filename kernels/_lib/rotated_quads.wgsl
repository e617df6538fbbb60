// rotated_quads: heads of in_proj's output, rotated by RoPE (arXiv:2104.09864), which pairs a head's first half with its second.
// frequencies: [HEAD_DIM / 2] of 64-bit turns, high word first

// Quads `quad` and `quad` + KEY_QUADS / 2 of the head that starts at quad `head` of `projected`.
fn rotated_quads(head: u32, quad: u32, position: u32) -> mat2x4f {
  let low = projected[head + quad];
  let high = projected[head + quad + KEY_QUADS / 2u];
  let a = rotation(position, frequencies[4u * quad]);
  let b = rotation(position, frequencies[4u * quad + 1u]);
  let c = rotation(position, frequencies[4u * quad + 2u]);
  let d = rotation(position, frequencies[4u * quad + 3u]);
  let cosines = vec4f(a.x, b.x, c.x, d.x);
  let sines = vec4f(a.y, b.y, c.y, d.y);
  return mat2x4f(low * cosines - high * sines, high * cosines + low * sines);
}
