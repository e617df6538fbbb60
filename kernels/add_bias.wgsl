// add_bias: x = activation(x + bias), row by row, in place: what follows the product in a dense layer.
// x: [l, columns] f32   bias: [columns] f32
// gelu is the exact one, x (1 + erf(x / sqrt 2)) / 2 (arXiv:1606.08415), its erf the approximation 7.1.26 of Abramowitz and
// Stegun, Handbook of Mathematical Functions: off by at most 1.5e-7.
// Grid: [ceil(columns / WORKGROUP_SIZE), l].
override WORKGROUP_SIZE: u32 = 64;
override ACTIVATION: u32 = 0; // 0: identity, 1: gelu, 2: sigmoid

struct Params {
  columns: u32,
  x_offset: u32,
  x_stride: u32,
}

@group(0) @binding(0) var<storage, read> bias: array<f32>;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

fn gelu(x: f32) -> f32 {
  let u = abs(x) * 0.70710678;
  let t = 1.0 / (1.0 + 0.3275911 * u);
  let series = t * (0.2548296 + t * (-0.28449674 + t * (1.4214137 + t * (-1.453152 + t * 1.0614054))));
  let upper_tail = 0.5 * series * exp(-u * u);
  return x * select(1.0 - upper_tail, upper_tail, x < 0.0);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn add_bias(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.columns) {
    return;
  }
  let i = params.x_offset + id.y * params.x_stride + id.x;
  let sum = x[i] + bias[id.x];
  switch (ACTIVATION) {
    case 1u: {
      x[i] = gelu(sum);
    }
    case 2u: {
      x[i] = sigmoid(sum);
    }
    default: {
      x[i] = sum;
    }
  }
}
