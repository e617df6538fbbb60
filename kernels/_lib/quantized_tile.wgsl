// quantized_tile: activations that a workgroup quantises once, up to TILE_BLOCKS blocks at a time, and the sums that it makes with them:
// LANES invocations share the blocks of a row, and each of TEAMS such teams makes TEAM_SUMS sums of products.
override WORKGROUP_SIZE: u32 = 256; // at most 256
override LANES: u32 = 50;
override TEAMS: u32 = 5; // LANES * TEAMS <= WORKGROUP_SIZE
override TEAM_SUMS: u32 = 4; // 1, 2 or 4, and 8 * TEAM_SUMS * TEAMS <= WORKGROUP_SIZE
override TILE_BLOCKS: u32 = 64;
override TILE_HALVES: u32 = 128; // 2 * TILE_BLOCKS, spelt out because naga accepts no products in the size of an array

var<workgroup> quarters: array<vec4f, 64>; // [WORKGROUP_SIZE / 4]: quarters' largest activations, later eighths of sums
var<workgroup> team_sums: array<vec4f, WORKGROUP_SIZE>;

// Quantises blocks first to first + count - 1 of the row that starts at quad `x_row`: an invocation takes a quarter of a block at a time.
// Every invocation calls; the tile before may be in use by others until the first barrier.
fn quantize_tile(x_row: u32, first: u32, count: u32, index: u32) {
  for (var start = 0u; start < 4u * count; start += WORKGROUP_SIZE) {
    let quarter = start + index;
    let inside = quarter < 4u * count;
    var low = vec4f();
    var high = vec4f();
    if (inside) {
      low = operand(x_row, 8u * first + 2u * quarter);
      high = operand(x_row, 8u * first + 2u * quarter + 1u);
    }
    let sizes = max(abs(low), abs(high));
    workgroupBarrier();
    quarters[index / 4u][index % 4u] = max(max(sizes.x, sizes.y), max(sizes.z, sizes.w));
    workgroupBarrier();
    let maxima = quarters[index / 4u];
    let most = max(max(maxima.x, maxima.y), max(maxima.z, maxima.w));
    let inverse = select(0.0, MOST_LEVEL / most, most > 0.0);
    if (inside) {
      keep_levels(quarter, level_quad(low, inverse), level_quad(high, inverse));
      if (quarter % 4u == 0u) {
        block_scales[quarter / 4u] = most / MOST_LEVEL;
      }
    }
  }
  workgroupBarrier();
}

// Adds the teams' sums up over their lanes, for team_sum. Every invocation calls.
fn add_lanes(sums: vec4f, index: u32) {
  team_sums[index] = sums;
  workgroupBarrier();
  let each = index / 8u;
  var eighth = 0.0;
  if (each < TEAM_SUMS * TEAMS) {
    for (var lane = index % 8u; lane < LANES; lane += 8u) {
      eighth += team_sums[each / TEAM_SUMS * LANES + lane][each % TEAM_SUMS];
    }
  }
  quarters[index / 4u][index % 4u] = eighth;
  workgroupBarrier();
}

// Sum i % TEAM_SUMS of team i / TEAM_SUMS.
fn team_sum(i: u32) -> f32 {
  let eighths = quarters[2u * i] + quarters[2u * i + 1u];
  return eighths.x + eighths.y + eighths.z + eighths.w;
}
