// attention: causal grouped-query attention over a cache, for few rows. The keys that a row sees are split evenly; a workgroup
// runs an online softmax (arXiv:1805.02867) over its split for GROUP query heads that read the same key/value head.
// queries: [l, heads * HEAD_DIM] f32   keys, values: [slots, kv_heads * dim], CACHE_PACK elements a word   cursor: [1] u32
// out: with one split [l, heads * V_HEAD_DIM] f32, else for attention_combine [l, heads, splits, V_HEAD_DIM + 2] f32:
// the weighted sum of values, the largest score, the sum of weights
// Grid: [heads / GROUP, splits, l].
override WORKGROUP_SIZE: u32 = 128; // at least V_HEAD_DIM, a multiple of TILE
override HEAD_DIM: u32 = 64;
override V_HEAD_DIM: u32 = 128;
override GROUP: u32 = 5; // at most 8
override PARTIAL: bool = false;

struct Params {
  heads: u32,
  heads_per_kv: u32,
  splits: u32,
  num_meta_tokens: u32,
  ring_size: u32,
  lookback: u32,
  queries_offset: u32,
  queries_stride: u32,
  keys_offset: u32,
  keys_stride: u32,
  values_offset: u32,
  values_stride: u32,
  out_offset: u32,
  out_stride: u32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read> queries: array<f32>;
@group(0) @binding(1) var<storage, read> keys: array<u32>;
@group(0) @binding(2) var<storage, read> values: array<u32>;
@group(0) @binding(3) var<storage, read> cursor: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn attention(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) group: vec3u) {
  let first_head = group.x * GROUP;
  let kv_head = first_head / params.heads_per_kv;
  let seen = visible_keys(cursor[0] + group.z);
  let share = (seen.count + params.splits - 1u) / params.splits;
  let end = min((group.y + 1u) * share, seen.count);
  for (var i = index; i < GROUP * HEAD_DIM; i += WORKGROUP_SIZE) {
    query[i] = queries[params.queries_offset + group.z * params.queries_stride + first_head * HEAD_DIM + i];
  }
  if (index < GROUP) {
    highest[index] = LOWEST;
  }
  var sums: array<f32, 8>;
  var totals: array<f32, 8>;
  for (var start = group.y * share; start < end; start += TILE) {
    let count = min(TILE, end - start);
    if (index < count) {
      slots[index] = cache_slot(visible_position(seen, start + index));
    }
    workgroupBarrier();
    multiply_keys(index, count, kv_head);
    workgroupBarrier();
    add_products(index, count);
    workgroupBarrier();
    weigh(index, count);
    workgroupBarrier();
    for (var g = 0u; g < GROUP; g++) {
      let factor = exp(highest[g] - rescale[g]);
      sums[g] *= factor;
      totals[g] *= factor;
    }
    if (index < V_HEAD_DIM) {
      for (var key = 0u; key < count; key++) {
        let i = params.values_offset + slots[key] * params.values_stride + kv_head * V_HEAD_DIM + index;
        let value = cache_element(values[i / CACHE_PACK], i);
        for (var g = 0u; g < GROUP; g++) {
          sums[g] += weights[g * TILE + key] * value;
          totals[g] += weights[g * TILE + key];
        }
      }
    }
    workgroupBarrier();
    if (index < GROUP) {
      highest[index] = rescale[index];
    }
  }
  workgroupBarrier();
  if (index < V_HEAD_DIM) {
    for (var g = 0u; g < GROUP; g++) {
      let head = first_head + g;
      if (PARTIAL) {
        let row = ((group.z * params.heads + head) * params.splits + group.y) * (V_HEAD_DIM + 2u);
        out[row + index] = sums[g];
        if (index == 0u) {
          out[row + V_HEAD_DIM] = highest[g];
          out[row + V_HEAD_DIM + 1u] = totals[g];
        }
      } else {
        out[params.out_offset + group.z * params.out_stride + head * V_HEAD_DIM + index] = sums[g] / totals[g];
      }
    }
  }
}
