// Key/value cache of f32, four elements at a time.
alias CacheQuad = vec4f;

fn quad_of(words: CacheQuad) -> vec4f {
  return words;
}

fn words_of(quad: vec4f) -> CacheQuad {
  return quad;
}
