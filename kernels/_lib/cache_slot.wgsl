// Slot of the cache that keeps an absolute position: meta tokens first, then a ring; ring_size 2^32 - 1 means no ring.
fn cache_slot(position: u32) -> u32 {
  if (position < params.num_meta_tokens) {
    return position;
  }
  return params.num_meta_tokens + (position - params.num_meta_tokens) % params.ring_size;
}
