// Key/value cache of f32, one element a word.
const CACHE_PACK = 1u;

fn cache_word(elements: vec2f) -> u32 {
  return bitcast<u32>(elements.x);
}

fn cache_elements(word: u32) -> vec2f {
  return vec2f(bitcast<f32>(word), 0.0);
}

// Element `i` of a row-major array, given the word i / CACHE_PACK.
fn cache_element(word: u32, i: u32) -> f32 {
  return bitcast<f32>(word);
}
