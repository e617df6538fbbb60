// convolved: the mixer's causal convolution of four taps, then silu, for one row: a quad of channels at a time.
// conv_state: [3, d_inner] f32, oldest row first, then the row itself, which starts at quad u_quad of `projected`
// vector_quad: [weight (d_inner, 4 taps each) | bias (d_inner)]

// The rows that channels 4 * quad .. 4 * quad + 3 meet, oldest first.
fn conv_rows(quad: u32) -> mat4x4f {
  let first = params.conv_state_quad + quad;
  let second = first + params.conv_state_stride;
  let third = second + params.conv_state_stride;
  return mat4x4f(conv_state[first], conv_state[second], conv_state[third], projected[params.u_quad + quad]);
}

fn convolved_quad(rows: mat4x4f, quad: u32) -> vec4f {
  let channels = transpose(rows);
  let sums = vector_quad(params.d_inner + quad) + vec4f(
    dot(channels[0], vector_quad(4u * quad)),
    dot(channels[1], vector_quad(4u * quad + 1u)),
    dot(channels[2], vector_quad(4u * quad + 2u)),
    dot(channels[3], vector_quad(4u * quad + 3u)),
  );
  return vec4f(silu(sums.x), silu(sums.y), silu(sums.z), silu(sums.w));
}
