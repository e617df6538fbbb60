// What a sampler keeps from one token to the next, and what its kernels tell each other within one.
struct Control {
  max_key: atomic<u32>, // key of the largest scaled logit of this step
  refused: atomic<u32>, // not 0: a logit was NaN or +Infinity
  step: u32, // tokens chosen so far; the random numbers' counter
  history_length: u32, // tokens that have entered the history
  threshold: u32, // keys below it are out
  prefix: u32, // the leading digits found of the key that is looked for
  goal_low: u32, // what the keys with that prefix have still to sum to, 64 bits
  goal_high: u32,
  id: u32, // the token chosen last
  outcomes: array<u32, 32>, // by step modulo 32: the token, or REFUSED
}
const REFUSED = 0xffffffffu;

@group(0) @binding(0) var<storage, read_write> control: Control;
