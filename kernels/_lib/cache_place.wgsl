// Where the keys that a query sees lie in the cache.

// First element of the key head of the i-th key seen.
fn key_row(seen: VisibleKeys, i: u32, kv_head: u32) -> u32 {
  return params.keys_offset + cache_slot(visible_position(seen, i)) * params.keys_stride + kv_head * HEAD_DIM;
}

// First element of its value head.
fn value_row(seen: VisibleKeys, i: u32, kv_head: u32) -> u32 {
  return params.values_offset + cache_slot(visible_position(seen, i)) * params.values_stride + kv_head * V_HEAD_DIM;
}
