// project_and_convolve: a mixer's in_proj for one row, as linear has it, and the causal convolution of four taps with silu on those of its
// outputs, u, that the Mamba heads read: convolved = silu(bias + sum_j taps[:, j] * (state, u)[j]).
// weights: see row_product   x, norm: see operand   out: [rows of in_proj] f32, of which u begins at element u_start
// conv_vectors: [taps (d_inner, 4) | bias (d_inner)]   conv_state: [3, d_inner] f32, oldest row first, moved on by u
// Grid: [ceil(rows / ROWS)].
override WORKGROUP_SIZE: u32 = 256;

struct Params {
  rows: u32,
  blocks: u32,
  quads: u32,
  x_offset: u32,
  out_offset: u32,
  u_start: u32,
  d_inner: u32,
  state_offset: u32,
  state_stride: u32,
  convolved_offset: u32,
  eps: f32,
}

@group(0) @binding(2) var<storage, read> conv_vectors: array<f32>;
@group(0) @binding(3) var<storage, read_write> conv_state: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;
@group(0) @binding(8) var<storage, read_write> convolved: array<f32>;

struct Channel {
  taps: vec4f,
  bias: f32,
  rows: vec3f, // of the state
}

fn load_channel(channel: u32) -> Channel {
  let taps = vec4f(
    conv_vectors[4u * channel],
    conv_vectors[4u * channel + 1u],
    conv_vectors[4u * channel + 2u],
    conv_vectors[4u * channel + 3u],
  );
  let at = params.state_offset + channel;
  let rows = vec3f(conv_state[at], conv_state[at + params.state_stride], conv_state[at + 2u * params.state_stride]);
  return Channel(taps, conv_vectors[4u * params.d_inner + channel], rows);
}

fn convolve(channel: u32, loaded: Channel, u: f32) {
  let at = params.state_offset + channel;
  conv_state[at] = loaded.rows.y;
  conv_state[at + params.state_stride] = loaded.rows.z;
  conv_state[at + 2u * params.state_stride] = u;
  convolved[params.convolved_offset + channel] = silu(loaded.bias + dot(loaded.taps, vec4f(loaded.rows, u)));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn project_and_convolve(at: Invocation, @builtin(workgroup_id) group: vec3u) {
  let first = group.x * ROWS;
  let row = first + at.index;
  let inside = at.index < ROWS && row < params.rows;
  // Elements before u wrap around to numbers beyond d_inner.
  let channel = params.out_offset + row - params.u_start;
  var loaded: Channel;
  if (inside && channel < params.d_inner) {
    loaded = load_channel(channel);
  }
  let total = row_product(first, params.x_offset, at);
  if (inside) {
    out[params.out_offset + row] = total;
    if (channel < params.d_inner) {
      convolve(channel, loaded, total);
    }
  }
}
