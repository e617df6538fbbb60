// The keys that the query at a position sees, counted through: meta tokens first, then positions from the lookback's far end.
struct VisibleKeys {
  meta_tokens: u32, // how many are meta tokens
  first: u32, // position of the first other one
  count: u32,
}

// lookback 2^32 - 1 means no limit.
fn visible_keys(position: u32) -> VisibleKeys {
  let meta_tokens = min(params.num_meta_tokens, position + 1u);
  let reach = min(params.lookback, position);
  let first = max(meta_tokens, position - reach);
  return VisibleKeys(meta_tokens, first, meta_tokens + position + 1u - first);
}

fn visible_position(keys: VisibleKeys, i: u32) -> u32 {
  return select(keys.first + i - keys.meta_tokens, i, i < keys.meta_tokens);
}
