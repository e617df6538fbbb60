// rope_append: rotates queries, and keys on their way into the cache, by their absolute positions, and copies values.
// RoPE (arXiv:2104.09864) pairs dimension i with i + half in each head.
// queries, out: [l, heads * 2 half] f32   keys: [l, key_columns], values: [l, value_columns] f32
// frequencies: [half] 64-bit turns   cursor: [1] u32   key_cache, value_cache: [slots, columns], CACHE_PACK elements a word
// Grid: [ceil((query_pairs + key words + value words) / WORKGROUP_SIZE), l]; without keys and values only the query pairs.
override WORKGROUP_SIZE: u32 = 64;

struct Params {
  half: u32,
  query_pairs: u32,
  key_columns: u32,
  value_columns: u32,
  out_offset: u32,
  out_stride: u32,
  queries_offset: u32,
  queries_stride: u32,
  keys_offset: u32,
  keys_stride: u32,
  values_offset: u32,
  values_stride: u32,
  key_cache_offset: u32,
  key_cache_stride: u32,
  value_cache_offset: u32,
  value_cache_stride: u32,
  num_meta_tokens: u32,
  ring_size: u32,
}

@group(0) @binding(0) var<storage, read> queries: array<f32>;
@group(0) @binding(1) var<storage, read> keys: array<f32>;
@group(0) @binding(2) var<storage, read> values: array<f32>;
@group(0) @binding(3) var<storage, read> frequencies: array<vec2u>;
@group(0) @binding(4) var<storage, read> cursor: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;
@group(0) @binding(6) var<storage, read_write> key_cache: array<u32>;
@group(0) @binding(7) var<storage, read_write> value_cache: array<u32>;
@group(0) @binding(8) var<uniform> params: Params;

fn rotate_query(row: u32, position: u32, pair: u32) {
  let i = pair % params.half;
  let column = pair / params.half * 2u * params.half + i;
  let start = params.queries_offset + row * params.queries_stride + column;
  let to = params.out_offset + row * params.out_stride + column;
  let turn = rotation(position, frequencies[i]);
  let query = vec2f(queries[start], queries[start + params.half]);
  out[to] = query.x * turn.x - query.y * turn.y;
  out[to + params.half] = query.y * turn.x + query.x * turn.y;
}

fn rotated_key(row: u32, position: u32, column: u32) -> f32 {
  let dimension = column % (2u * params.half);
  let i = dimension % params.half;
  let at = params.keys_offset + row * params.keys_stride + column;
  let turn = rotation(position, frequencies[i]);
  if (dimension < params.half) {
    return keys[at] * turn.x - keys[at + params.half] * turn.y;
  }
  return keys[at] * turn.x + keys[at - params.half] * turn.y;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn rope_append(@builtin(global_invocation_id) id: vec3u) {
  let position = cursor[0] + id.y;
  if (id.x < params.query_pairs) {
    rotate_query(id.y, position, id.x);
    return;
  }
  let slot = cache_slot(position);
  let key_words = (params.key_columns + CACHE_PACK - 1u) / CACHE_PACK;
  let key_word = id.x - params.query_pairs;
  if (key_word < key_words) {
    let column = key_word * CACHE_PACK;
    var elements = vec2f(rotated_key(id.y, position, column), 0.0);
    if (CACHE_PACK == 2u) {
      elements.y = rotated_key(id.y, position, column + 1u); // a head is even, so this one is in it
    }
    key_cache[(params.key_cache_offset + slot * params.key_cache_stride) / CACHE_PACK + key_word] = cache_word(elements);
    return;
  }
  let value_word = key_word - key_words;
  let column = value_word * CACHE_PACK;
  if (column < params.value_columns) {
    let at = params.values_offset + id.y * params.values_stride + column;
    var elements = vec2f(values[at], 0.0);
    if (CACHE_PACK == 2u && column + 1u < params.value_columns) {
      elements.y = values[at + 1u];
    }
    value_cache[(params.value_cache_offset + slot * params.value_cache_stride) / CACHE_PACK + value_word] = cache_word(elements);
  }
}
