// Key/value cache of f16, two elements a word.
const CACHE_PACK = 2u;

fn cache_word(elements: vec2f) -> u32 {
  return pack2x16float(elements);
}

fn cache_elements(word: u32) -> vec2f {
  return unpack2x16float(word);
}

// Element `i` of a row-major array, given the word i / CACHE_PACK.
fn cache_element(word: u32, i: u32) -> f32 {
  return unpack2x16float(word >> (16u * (i & 1u))).x;
}
