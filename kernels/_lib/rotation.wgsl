// Angles of RoPE, exact at any position: a frequency is turns per position as a 64-bit fraction (x: high word, y: low word),
// so that the product's whole turns overflow away and what is left is the phase in units of 2^-32 turns.

fn multiply_high(a: u32, b: u32) -> u32 {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let cross = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (cross >> 16u);
}

// (cos, sin) of position * frequency turns. The phase is folded into an eighth of a turn around the nearest quarter, where the
// Taylor polynomials are good to f32.
fn rotation(position: u32, frequency: vec2u) -> vec2f {
  let phase = position * frequency.x + multiply_high(position, frequency.y);
  let quarter = (phase + 0x20000000u) >> 30u;
  let angle = f32(bitcast<i32>(phase - (quarter << 30u))) * 1.4629180792671596e-9; // 2 pi / 2^32
  let q = angle * angle;
  let sine = angle * (1.0 - q * (1.0 / 6.0 - q * (1.0 / 120.0 - q * (1.0 / 5040.0 - q / 362880.0))));
  let cosine = 1.0 - q * (0.5 - q * (1.0 / 24.0 - q * (1.0 / 720.0 - q / 40320.0)));
  switch quarter & 3u {
    case 0u: { return vec2f(cosine, sine); }
    case 1u: { return vec2f(-sine, cosine); }
    case 2u: { return vec2f(-cosine, -sine); }
    default: { return vec2f(sine, -cosine); }
  }
}
