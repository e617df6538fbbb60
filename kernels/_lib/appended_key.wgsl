// appended_key: a row's own key and value on their way from in_proj's output into the cache, and as a split of attention.
var<workgroup> own_key: array<vec4f, KEY_QUADS>; // as the cache keeps it

// Scores of four heads with the row's own key.
fn own_scores(heads: vec4u) -> vec4f {
  var a = vec4f();
  var b = vec4f();
  var c = vec4f();
  var d = vec4f();
  for (var quad = 0u; quad < KEY_QUADS; quad++) {
    let key = own_key[quad];
    a += key * query_at(heads.x, quad);
    b += key * query_at(heads.y, quad);
    c += key * query_at(heads.z, quad);
    d += key * query_at(heads.w, quad);
  }
  return params.scale * (vec4f(1.0) * mat4x4f(a, b, c, d));
}

// The split that holds this key alone, for GROUP heads whose rotated queries are in `query`. The workgroup whose group of heads is
// its key head's first writes key and value. Every invocation calls.
fn append_key(index: u32, position: u32, kv_head: u32, writes: bool) -> Split {
  let slot = cache_slot(position);
  if (index < KEY_QUADS / 2u) {
    let rotated = rotated_quads(params.keys_quad + kv_head * KEY_QUADS, index, position);
    let low = words_of(rotated[0]);
    let high = words_of(rotated[1]);
    own_key[index] = quad_of(low);
    own_key[index + KEY_QUADS / 2u] = quad_of(high);
    if (writes) {
      let at = (params.keys_offset + slot * params.keys_stride) / 4u + kv_head * KEY_QUADS + index;
      keys[at] = low;
      keys[at + KEY_QUADS / 2u] = high;
    }
  }
  let lane = min(index % VALUE_LANES, VALUE_QUADS - 1u);
  let words = words_of(projected[params.values_quad + kv_head * VALUE_QUADS + lane]);
  if (writes && index < VALUE_QUADS) {
    values[(params.values_offset + slot * params.values_stride) / 4u + kv_head * VALUE_QUADS + index] = words;
  }
  workgroupBarrier();
  let value = quad_of(words);
  return Split(own_scores(heads_of(index)), vec4f(1.0), mat4x4f(value, value, value, value));
}
