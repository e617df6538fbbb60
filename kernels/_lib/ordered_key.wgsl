// Floats as u32 that compare as the floats do. Kept in integers, NaN and infinities survive: WGSL's float arithmetic may
// assume that there are none.
const PLUS_INFINITY = 0x7f800000u;
const MINUS_INFINITY = 0xff800000u;
// Key of -Infinity, below that of every number; 0 is the key of nothing.
const LEAST_KEY = 0x007fffffu;

fn key_of(bits: u32) -> u32 {
  let canonical = select(bits, 0u, bits == 0x80000000u); // -0 is no less than 0
  return select(canonical | 0x80000000u, ~canonical, (canonical >> 31u) == 1u);
}

// The number of a key above LEAST_KEY.
fn value_of(key: u32) -> f32 {
  return bitcast<f32>(select(~key, key & 0x7fffffffu, (key >> 31u) == 1u));
}
