/** @file Lowers `ssmConv` and `ssmScan`. */
import type { SsmConvArgs, SsmScanArgs } from "../../../backend.ts";
import { KernelError } from "../../../errors.ts";
import { columnCount, rowCount, type Tensor } from "../../../tensor.ts";
import { type Gpu, reduceLibrary } from "../gpu.ts";
import { place, regionOf } from "../region.ts";
import { weightVector } from "../vector_packs.ts";
import { plainOf } from "../weights.ts";
import { scanRows, scansManyRows } from "./scan_rows.ts";
import { separate } from "./operand.ts";

const CONV_WORKGROUP = 64;
/** Rows that an invocation of ssm_conv convolves; at least dConv - 1. */
const CONV_ROWS = 16;
const SCAN_WORKGROUP = 256;
/** Invocations that share a channel of ssm_scan: LANES in scan_channel.wgsl. */
const SCAN_LANES = 32;
/** Most columns of dtBC that ssm_scan keeps in workgroup memory. */
const MAX_DT_BC = 1024;

/** See {@linkcode SsmConvArgs}. */
export function ssmConv(gpu: Gpu, args: SsmConvArgs): void {
  const { weight, bias, convState, out } = args;
  const x = separate(gpu, "x", args.x, out);
  const [dInner, dConv] = weight.shape;
  if (dConv - 1 > CONV_ROWS) {
    throw new KernelError(
      `Cannot run ssmConv: dConv is ${dConv}, expected at most ${CONV_ROWS + 1}`,
      "Use another backend",
    );
  }
  gpu.commands.run({
    kernel: "ssm_conv",
    libraries: ["pointwise"],
    constants: { WORKGROUP_SIZE: CONV_WORKGROUP, ROWS: CONV_ROWS },
    resources: {
      x: regionOf(x),
      weight: plainOf(weight),
      bias: plainOf(bias),
      convState: regionOf(convState),
      out: regionOf(out),
    },
    params: {
      l: rowCount(x),
      dInner,
      dConv,
      ...place("x", x),
      ...place("state", convState),
      ...place("out", out),
    },
    grid: [Math.ceil(dInner / CONV_WORKGROUP), Math.ceil(rowCount(x) / CONV_ROWS)],
  });
}

/** See {@linkcode SsmScanArgs}. */
export function ssmScan(gpu: Gpu, args: SsmScanArgs): void {
  const { dtNorm, bNorm, cNorm, eps, dtProj, dtBias, A, D, ssmState, out } = args;
  if (scansManyRows(args)) return scanRows(gpu, args);
  checkWidth(args.dtBC);
  const dtBC = separate(gpu, "dtBC", args.dtBC, out);
  const x = separate(gpu, "x", args.x, out);
  const z = separate(gpu, "z", args.z, out);
  const [dInner, dtRank] = dtProj.shape;
  gpu.commands.run({
    kernel: "ssm_scan",
    libraries: ["pointwise", reduceLibrary(gpu), "scan_channel"],
    constants: { WORKGROUP_SIZE: SCAN_WORKGROUP, DT_BC: columnCount(dtBC) },
    resources: {
      dtBc: regionOf(dtBC),
      x: regionOf(x),
      z: regionOf(z),
      vectors: gpu.vectorPacks.get([dtNorm, bNorm, cNorm, dtBias, D].map(weightVector)),
      dtProj: plainOf(dtProj),
      A: plainOf(A),
      state: regionOf(ssmState),
      out: regionOf(out),
    },
    params: {
      l: rowCount(x),
      dInner,
      dState: A.shape[1],
      dtRank,
      ...place("dtBc", dtBC),
      ...place("x", x),
      ...place("z", z),
      ...place("state", ssmState),
      ...place("out", out),
      eps,
    },
    grid: [Math.ceil(dInner / (SCAN_WORKGROUP / SCAN_LANES))],
  });
}

function checkWidth(dtBC: Tensor): void {
  if (columnCount(dtBC) <= MAX_DT_BC) return;
  throw new KernelError(
    `Cannot run ssmScan: dtBC has ${columnCount(dtBC)} columns, expected at most ${MAX_DT_BC}`,
    "Use another backend",
  );
}
