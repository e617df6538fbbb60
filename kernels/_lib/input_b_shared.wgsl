// input b in the buffer that the kernel writes: WebGPU lets a dispatch bind it once only.
fn b_at(i: u32) -> f32 {
  return out[i];
}
