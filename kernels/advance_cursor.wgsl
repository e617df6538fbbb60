// advance_cursor: cursor += tokens, so that the position never leaves the device.
// cursor: [1] u32
// Grid: one invocation.
struct Params {
  tokens: u32,
}

@group(0) @binding(0) var<storage, read_write> cursor: array<u32>;
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(1)
fn advance_cursor() {
  cursor[0] += params.tokens;
}
