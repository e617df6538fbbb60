/** @file Lowers `ssmScan` for many rows: norms, dt's product in tiles, then the recurrence with each channel's states in registers. */
import type { SsmScanArgs, Weight } from "../../../backend.ts";
import { columns, rowCount } from "../../../tensor.ts";
import type { Gpu } from "../gpu.ts";
import { places, regionOf } from "../region.ts";
import { weightVector } from "../vector_packs.ts";
import { plainOf } from "../weights.ts";
import { rmsNorm } from "./norms.ts";
import { scratchRows } from "./operand.ts";
import { sharesBuffer } from "./shared_buffer.ts";
import { tiledLinear } from "./tiled_linear.ts";

const WORKGROUP_SIZE = 64;
/** Rows that the kernel takes at a time, at most. */
const MOST_ROWS = 16;
const MANY_ROWS = 5;
/** Most states of a channel: more would not fit the kernel's workgroup memory. */
const MOST_STATES = 64;

/** Whether a call is for the kernel of many rows, which reads dt_proj by quads and writes none of its inputs. */
export function scansManyRows({ x, dtBC, z, dtProj, A, out }: SsmScanArgs): boolean {
  const apart = ![x, dtBC, z].some((input) => sharesBuffer(input, out));
  return apart && rowCount(x) >= MANY_ROWS && dtProj.shape[1] % 4 === 0 && A.shape[1] <= MOST_STATES;
}

/** `ssmScan` for many rows. */
export function scanRows(gpu: Gpu, args: SsmScanArgs): void {
  const { dtBC, x, z, dtNorm, bNorm, cNorm, eps, dtProj, dtBias, A, D, ssmState, out } = args;
  const [dInner, dtRank] = dtProj.shape;
  const dState = A.shape[1];
  const l = rowCount(x);
  const low = scratchRows(gpu, "low-rank dt", l, dtRank);
  const lanes = 2 ** Math.ceil(Math.log2(Math.max(1, dState / 4)));
  const bC = scratchRows(gpu, "B and C", l, 8 * lanes);
  rmsNorm(gpu, { x: columns(dtBC, 0, dtRank), weight: dtNorm, eps, out: low });
  rmsNorm(gpu, { x: columns(dtBC, dtRank, dState), weight: bNorm, eps, out: columns(bC, 0, dState) });
  const c = columns(dtBC, dtRank + dState, dState);
  rmsNorm(gpu, { x: c, weight: cNorm, eps, out: columns(bC, 4 * lanes, dState) });
  const dt = scratchRows(gpu, "dt", l, dInner);
  tiledLinear(gpu, { x: low, weight: asMatrix(dtProj), out: dt });
  const channels = WORKGROUP_SIZE / lanes;
  gpu.commands.run({
    kernel: "ssm_scan_rows",
    libraries: ["pointwise", "scan_rows"],
    constants: constantsOf(lanes),
    resources: {
      dt: regionOf(dt),
      bC: regionOf(bC),
      x: regionOf(x),
      z: regionOf(z),
      vectors: gpu.vectorPacks.get([dtBias, D].map(weightVector)),
      A: plainOf(A),
      state: regionOf(ssmState),
      out: regionOf(out),
    },
    params: { l, dInner, dState, ...places({ dt, x, z, state: ssmState, out }) },
    grid: [Math.ceil(dInner / channels)],
  });
}

function constantsOf(lanes: number): Record<string, number> {
  const [rows, channels] = [Math.min(MOST_ROWS, 4 * lanes), WORKGROUP_SIZE / lanes];
  return {
    WORKGROUP_SIZE,
    LANES: lanes,
    CHANNELS: channels,
    ROWS: rows,
    B_C: rows * 2 * lanes,
    ROW_CHANNELS: rows * channels,
  };
}

/** A plain weight of whole quads, as a product reads it: f32 in blocks of four. */
function asMatrix(weight: Weight): Weight {
  const [rows, width] = weight.shape;
  const blocks = plainOf(weight);
  return {
    ...weight,
    data: { parts: [{ firstRow: 0, rows, blocks, scales: blocks }], rowBlocks: width / 4 },
  };
}
