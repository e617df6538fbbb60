// The scores of one tile of keys in attention, for up to eight query heads at a time: heads 0 to 3 in a `low` vector, 4 to 7 in a
// `high` one. Written out, because compilers keep what a loop indexes in memory.
const WORKGROUP_SIZE = 128u;
const TILE = 32u; // keys at a time
const PARTS = 4u; // of a key, each an invocation's: WORKGROUP_SIZE / TILE
const LOWEST = -3.0e38;

struct Heads {
  low: vec4f,
  high: vec4f,
}

var<workgroup> query: array<vec4f, QUERY_QUADS>; // [GROUP, KEY_QUADS]
var<workgroup> part_scores: array<f32, 1024>; // [8, PARTS, TILE]
var<workgroup> scores: array<vec4f, 64>; // [8, TILE / 4], LOWEST beyond the last key
var<workgroup> value_rows: array<u32, TILE>; // beyond the last key its again

fn query_at(head: u32, quad: u32) -> vec4f {
  return query[min(head, GROUP - 1u) * KEY_QUADS + quad];
}

// The products of one quad of a key with those of all heads' queries.
fn multiply_quad(key: vec4f, quad: u32) -> Heads {
  var products: Heads;
  products.low.x = dot(key, query_at(0u, quad));
  if (GROUP > 1u) {
    products.low.y = dot(key, query_at(1u, quad));
  }
  if (GROUP > 2u) {
    products.low.z = dot(key, query_at(2u, quad));
    products.low.w = dot(key, query_at(3u, quad));
  }
  if (GROUP > 4u) {
    products.high.x = dot(key, query_at(4u, quad));
  }
  if (GROUP > 5u) {
    products.high.y = dot(key, query_at(5u, quad));
    products.high.z = dot(key, query_at(6u, quad));
    products.high.w = dot(key, query_at(7u, quad));
  }
  return products;
}

fn add_heads(a: Heads, b: Heads) -> Heads {
  return Heads(a.low + b.low, a.high + b.high);
}

// Four quads of a key.
struct KeyQuads {
  a: vec4f,
  b: vec4f,
  c: vec4f,
  d: vec4f,
}

// An invocation's first quads of the key head that starts at element `row`: those that it lacks are its last's.
fn load_quads(row: u32, first: u32) -> KeyQuads {
  let quads = min(first + vec4u(0u, 1u, 2u, 3u), vec4u(KEY_QUADS - 1u));
  return KeyQuads(key_quad(row, quads.x), key_quad(row, quads.y), key_quad(row, quads.z), key_quad(row, quads.w));
}

// The products of quads `first` and what follows before `end`, added up.
fn multiply_quads(keys: KeyQuads, first: u32, end: u32) -> Heads {
  let quads = min(first + vec4u(0u, 1u, 2u, 3u), vec4u(KEY_QUADS - 1u));
  let inside = select(vec4f(), vec4f(1.0), first + vec4u(0u, 1u, 2u, 3u) < vec4u(end));
  let low = add_heads(multiply_quad(keys.a * inside.x, quads.x), multiply_quad(keys.b * inside.y, quads.y));
  return add_heads(low, add_heads(multiply_quad(keys.c * inside.z, quads.z), multiply_quad(keys.d * inside.w, quads.w)));
}

// Quads of a key that an invocation takes.
fn quads_of_part() -> u32 {
  return (KEY_QUADS + PARTS - 1u) / PARTS;
}

fn score_part(ahead: KeyQuads, row: u32, part: u32) -> Heads {
  let share = quads_of_part();
  let end = min((part + 1u) * share, KEY_QUADS);
  var sums = multiply_quads(ahead, part * share, end);
  for (var quad = part * share + 4u; quad < end; quad += 4u) {
    sums = add_heads(sums, multiply_quads(load_quads(row, quad), quad, end));
  }
  return sums;
}

fn store_parts(index: u32, sums: Heads) {
  part_scores[index] = sums.low.x;
  part_scores[index + WORKGROUP_SIZE] = sums.low.y;
  part_scores[index + 2u * WORKGROUP_SIZE] = sums.low.z;
  part_scores[index + 3u * WORKGROUP_SIZE] = sums.low.w;
  if (GROUP > 4u) {
    part_scores[index + 4u * WORKGROUP_SIZE] = sums.high.x;
    part_scores[index + 5u * WORKGROUP_SIZE] = sums.high.y;
    part_scores[index + 6u * WORKGROUP_SIZE] = sums.high.z;
    part_scores[index + 7u * WORKGROUP_SIZE] = sums.high.w;
  }
}

fn join_parts(head: u32, key: u32, count: u32) {
  if (head < GROUP) {
    let first = head * PARTS * TILE + key;
    let low = part_scores[first] + part_scores[first + TILE];
    let sum = low + (part_scores[first + 2u * TILE] + part_scores[first + 3u * TILE]);
    scores[(head * TILE + key) / 4u][key % 4u] = select(LOWEST, sum * params.scale, key < count);
  }
}

// Leaves the scores of a tile's keys in `scores`, and where their values lie in `value_rows`; an invocation is given the rows of key
// index % TILE, or of the last, and its first quads. Every invocation calls; `scores` and `value_rows` may be in use by others until the first barrier.
fn score_tile(index: u32, ahead: KeyQuads, key_row: u32, value_row: u32, count: u32) {
  store_parts(index, score_part(ahead, key_row, index / TILE));
  workgroupBarrier();
  join_parts(index / TILE, index % TILE, count);
  join_parts(index / TILE + PARTS, index % TILE, count);
  if (index < TILE) {
    value_rows[index] = value_row;
  }
  workgroupBarrier();
}
