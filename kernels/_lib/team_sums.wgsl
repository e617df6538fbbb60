// team_sums: how a workgroup makes sums of products with activations that all of it shares: LANES invocations share the blocks of a row,
// and each of TEAMS such teams makes TEAM_SUMS sums at a time.
override LANES: u32 = 50;
override TEAMS: u32 = 5; // LANES * TEAMS <= WORKGROUP_SIZE
override TEAM_SUMS: u32 = 4; // 1, 2 or 4, and 8 * TEAM_SUMS * TEAMS <= WORKGROUP_SIZE
override TILE_BLOCKS: u32 = 64; // of activations that fit into workgroup memory

var<workgroup> lane_sums: array<vec4f, WORKGROUP_SIZE>;
var<workgroup> eighths: array<vec4f, 64>; // [WORKGROUP_SIZE / 4]: of sums, two quads each

// Adds the teams' sums up over their lanes, for team_sum. Every invocation calls.
fn add_lanes(sums: vec4f, index: u32) {
  lane_sums[index] = sums;
  workgroupBarrier();
  let each = index / 8u;
  var eighth = 0.0;
  if (each < TEAM_SUMS * TEAMS) {
    for (var lane = index % 8u; lane < LANES; lane += 8u) {
      eighth += lane_sums[each / TEAM_SUMS * LANES + lane][each % TEAM_SUMS];
    }
  }
  eighths[index / 4u][index % 4u] = eighth;
  workgroupBarrier();
}

// Sum i % TEAM_SUMS of team i / TEAM_SUMS.
fn team_sum(i: u32) -> f32 {
  let sums = eighths[2u * i] + eighths[2u * i + 1u];
  return sums.x + sums.y + sums.z + sums.w;
}
