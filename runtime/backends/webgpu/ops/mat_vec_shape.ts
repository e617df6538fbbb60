/** @file How the matrix-vector kernels divide their work: constants of team_sums.wgsl by a weight's dtype and sizes. */
import type { ActivationPrecision } from "../../../activation_precision.ts";
import { isQuantized, type WeightDtype } from "../../../tensor.ts";
import type { Gpu } from "../gpu.ts";
import { WEIGHT_LAYOUTS } from "../weight_layout.ts";

/** Override constants of linear and gated_linear, with their libraries. */
export interface MatVecShape extends Readonly<Record<string, number>> {
  /** Rows of the weight, or of each of two, that a workgroup multiplies. */
  readonly ROWS: number;
}

/** A product as far as its shape depends on it. */
export interface MatVec {
  readonly dtype: WeightDtype;
  /** Blocks in a row of the weight. */
  readonly rowBlocks: number;
  /** Rows of the weight. */
  readonly rows: number;
  /** Weights that are multiplied row by row: 1, or 2 for gate and up. */
  readonly matrices: 1 | 2;
}

interface Division {
  readonly size: number;
  readonly lanes: number;
  readonly teams: number;
  readonly sums: number;
}

/** Invocations in a workgroup: for matrices of few rows also fewer, so that there are more workgroups. */
const SIZES = [256, 128, 64] as const;
const FEW_ROWS = 1200;
/** Workgroups that keep a large GPU busy. */
const BUSY_GROUPS = 120;
/** Blocks of a row that a lane multiplies at most. */
const MOST_BLOCKS = 12;
/** Bytes of workgroup memory of a block of 32 quantised activations with its scale. */
const BLOCK_BYTES: Readonly<Record<ActivationPrecision, number>> = { q16: 68, q8: 36 };

/**
 * The division of a product: of those that make enough workgroups the one with most sums a workgroup, since a workgroup shares its
 * activations, as far as its invocations have work. Measured on an H200 with Hymba-1.5B's matrices.
 */
export function matVecShape(gpu: Gpu, product: MatVec): MatVecShape {
  const { dtype, rowBlocks, rows, matrices } = product;
  const tile = Math.min(rowBlocks, tileBlocks(gpu, dtype));
  const score = ({ size, lanes, teams, sums }: Division): number => {
    const groups = rows * matrices / (teams * sums);
    const used = tile * teams / (Math.ceil(tile / lanes) * size);
    // A lane that makes four sums loads its activations once for four blocks of weights.
    return Math.min(1, groups / BUSY_GROUPS) ** 2 * teams * sums * used * (sums === 4 ? 1.2 : 1);
  };
  const [{ size, lanes, teams, sums }] = divisions(tile, matrices, rows * matrices < FEW_ROWS ? SIZES : [256])
    .sort((a, b) => score(b) - score(a));
  return {
    WORKGROUP_SIZE: size,
    LANES: lanes,
    TEAMS: teams,
    TEAM_SUMS: sums,
    ROWS: teams * sums / matrices,
    TILE_BLOCKS: tile,
    ...isQuantized(dtype)
      ? { TILE_HALVES: 2 * tile }
      : { TILE_QUADS: tile * WEIGHT_LAYOUTS[dtype].blockSize / 4 },
  };
}

/** Ways to share `tile` blocks of a row among a workgroup's invocations: up to MOST_BLOCKS a lane. */
function divisions(tile: number, matrices: number, sizes: readonly number[]): Division[] {
  return sizes.flatMap((size) =>
    Array.from({ length: MOST_BLOCKS }, (_, more) => {
      const lanes = Math.ceil(tile / (Math.ceil(tile / size) + more));
      return [1, 2, 4].filter((sums) => sums >= matrices).map((sums) => {
        const teams = Math.min(Math.floor(size / lanes), size / 8 / sums);
        return { size, lanes, teams, sums };
      });
    }).flat()
  );
}

/** Blocks of activations that fit into workgroup memory beside what team_sums.wgsl, the tile and the reduce libraries keep there. */
function tileBlocks({ activations, features, workgroupBytes }: Gpu, dtype: WeightDtype): number {
  const [size] = SIZES;
  const quads = size + 128 + (features.subgroups ? 64 : 1.25 * size);
  const blockBytes = isQuantized(dtype) ? BLOCK_BYTES[activations] : 4 * WEIGHT_LAYOUTS[dtype].blockSize;
  return Math.floor((workgroupBytes - 16 * quads) / blockBytes);
}
