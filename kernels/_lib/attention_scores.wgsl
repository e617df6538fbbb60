// The scores of one tile of keys in attention, for up to eight query heads at a time: heads 0 to 3 in a `low` vector, 4 to 7 in a
// `high` one. Written out, because compilers keep what a loop indexes in memory.
const TILE = 32u; // keys at a time
const LOWEST = -3.0e38;

struct Heads {
  low: vec4f,
  high: vec4f,
}

var<workgroup> query: array<vec4f, QUERY_QUADS>; // [GROUP, KEY_QUADS]
var<workgroup> tile: array<Heads, WORKGROUP_SIZE>; // [parts, TILE], then scores, then weights in the first TILE
var<workgroup> tile_highest: array<Heads, 4>;

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

fn highest_heads(a: Heads, b: Heads) -> Heads {
  return Heads(max(a.low, b.low), max(a.high, b.high));
}

// The products of quads quad, quad + parts, quad + 2 parts and quad + 3 parts of a key, added up.
fn multiply_quads(row: u32, quad: u32, parts: u32) -> Heads {
  let last = KEY_QUADS - 1u;
  let quads = min(quad + parts * vec4u(0u, 1u, 2u, 3u), vec4u(last));
  let inside = select(vec4f(), vec4f(1.0), quad + parts * vec4u(0u, 1u, 2u, 3u) <= vec4u(last));
  let a = key_quad(row, quads.x) * inside.x;
  let b = key_quad(row, quads.y) * inside.y;
  let c = key_quad(row, quads.z) * inside.z;
  let d = key_quad(row, quads.w) * inside.w;
  let low = add_heads(multiply_quad(a, quads.x), multiply_quad(b, quads.y));
  return add_heads(low, add_heads(multiply_quad(c, quads.z), multiply_quad(d, quads.w)));
}

// Leaves the scores of a tile's keys in `tile` and their maximum over each quarter in `tile_highest`. Every invocation calls.
fn score_tile(index: u32, row: u32, count: u32) {
  let parts = WORKGROUP_SIZE / TILE;
  let key = index % TILE;
  var sums: Heads;
  if (key < count) {
    for (var quad = index / TILE; quad < KEY_QUADS; quad += 4u * parts) {
      sums = add_heads(sums, multiply_quads(row, quad, parts));
    }
  }
  tile[index] = sums;
  workgroupBarrier();
  if (index < TILE) {
    for (var part = 1u; part < parts; part++) {
      sums = add_heads(sums, tile[part * TILE + index]);
    }
    let lowest = vec4f(LOWEST);
    tile[index] = Heads(
      select(lowest, sums.low * params.scale, key < count),
      select(lowest, sums.high * params.scale, key < count),
    );
  }
  workgroupBarrier();
  if (index < 4u) {
    let first = 8u * index;
    let a = highest_heads(highest_heads(tile[first], tile[first + 1u]), highest_heads(tile[first + 2u], tile[first + 3u]));
    let b = highest_heads(highest_heads(tile[first + 4u], tile[first + 5u]), highest_heads(tile[first + 6u], tile[first + 7u]));
    tile_highest[index] = highest_heads(a, b);
  }
  workgroupBarrier();
}
