// Key/value cache of f16, four elements at a time.
alias CacheQuad = vec2u;

fn quad_of(words: CacheQuad) -> vec4f {
  return vec4f(unpack2x16float(words.x), unpack2x16float(words.y));
}

fn words_of(quad: vec4f) -> CacheQuad {
  return vec2u(pack2x16float(quad.xy), pack2x16float(quad.zw));
}
