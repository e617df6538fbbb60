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
  readonly lanes: number;
  readonly teams: number;
  readonly sums: number;
}

/** Smaller ones are slower even where they make too few workgroups. */
const WORKGROUP_SIZE = 256;
/** Workgroups that keep a large GPU busy. */
const BUSY_GROUPS = 120;
/** Blocks of a tile that a lane multiplies at most, beyond the fewest. */
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
  const score = ({ lanes, teams, sums }: Division): number => {
    const groups = rows * matrices / (teams * sums);
    const used = tile * teams / (Math.ceil(tile / lanes) * WORKGROUP_SIZE);
    // A lane that makes four sums loads its activations once for four blocks of weights.
    return Math.min(1, groups / BUSY_GROUPS) ** 2 * teams * sums * used * (sums === 4 ? 1.2 : 1);
  };
  const [{ lanes, teams, sums }] = divisions(tile, matrices).sort((a, b) => score(b) - score(a));
  return {
    WORKGROUP_SIZE,
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

/** Ways to share `tile` blocks of a row among a workgroup's invocations. */
function divisions(tile: number, matrices: number): Division[] {
  const fewest = Math.ceil(tile / WORKGROUP_SIZE);
  return Array.from({ length: MOST_BLOCKS }, (_, more) => {
    const lanes = Math.ceil(tile / (fewest + more));
    return [1, 2, 4].filter((sums) => sums >= matrices).map((sums) => {
      const teams = Math.min(Math.floor(WORKGROUP_SIZE / lanes), WORKGROUP_SIZE / 8 / sums);
      return { lanes, teams, sums };
    });
  }).flat();
}

/** Blocks of activations that fit into workgroup memory beside what team_sums.wgsl, the tile and the reduce libraries keep there. */
function tileBlocks({ activations, features, workgroupBytes }: Gpu, dtype: WeightDtype): number {
  const quads = WORKGROUP_SIZE + 128 + (features.subgroups ? 64 : 1.25 * WORKGROUP_SIZE);
  const blockBytes = isQuantized(dtype) ? BLOCK_BYTES[activations] : 4 * WEIGHT_LAYOUTS[dtype].blockSize;
  return Math.floor((workgroupBytes - 16 * quads) / blockBytes);
}
