/** @file A mixer run as one op agrees with its ops run apart on the reference, for some tokens one after the other. */
import { assert, assertEquals } from "@std/assert";
import type { Backend } from "../../runtime/backend.ts";
import type { WebGpuBackend } from "../../runtime/backends/webgpu.ts";
import { ReferenceBackend } from "../../runtime/backends/reference.ts";
import { fusesMixers, type MixerOps, runMixerOps } from "../../runtime/mixer_ops.ts";
import { columns, isQuantized, type WeightDtype } from "../../runtime/tensor.ts";
import { backendTest, CANDIDATES } from "./backends.ts";
import { Bench, type Outcome } from "./bench.ts";
import { differences } from "./compare.ts";
import type { Tolerance } from "./tolerance.ts";

/** Sizes of a mixer, and where its first token stands. */
interface MixerScene {
  readonly numHeads: number;
  readonly numKvHeads: number;
  readonly headDim: number;
  readonly vHeadDim: number;
  readonly dState: number;
  readonly dtRank: number;
  readonly kvDtype: "f32" | "f16";
  readonly numMetaTokens: number;
  readonly ringSize: number | null;
  readonly lookback: number | null;
  readonly position: number;
  /** Whether the layer has keys and values of its own. */
  readonly appends: boolean;
  readonly inProj: WeightDtype;
  readonly xProj: WeightDtype;
  readonly outProj: WeightDtype;
  readonly tokens: number;
}

const SCENE: MixerScene = {
  numHeads: 4,
  numKvHeads: 2,
  headDim: 16,
  vHeadDim: 32,
  dState: 16,
  dtRank: 7,
  kvDtype: "f32",
  numMetaTokens: 5,
  ringSize: 40,
  lookback: 30,
  position: 0,
  appends: true,
  inProj: "f32",
  xProj: "f32",
  outProj: "f32",
  tokens: 6,
};

const HIDDEN = 64;

const FUSED: readonly Partial<MixerScene>[] = [
  {},
  { appends: false, position: 50 },
  { numHeads: 5, numKvHeads: 1, position: 4, dState: 5, dtRank: 3 },
  { numHeads: 6, numKvHeads: 2, headDim: 8, vHeadDim: 16, position: 70 },
  { numHeads: 20, numKvHeads: 2, tokens: 2, position: 30 },
  { headDim: 64, vHeadDim: 128, numHeads: 5, numKvHeads: 1, dtRank: 100, tokens: 2, position: 44 },
  { ringSize: null, lookback: null, position: 9 },
  { ringSize: null, lookback: null, position: 4200, tokens: 1 },
  { ringSize: null, lookback: null, position: 4200, tokens: 1, appends: false },
  { numMetaTokens: 0, ringSize: 7, lookback: 6, position: 3, tokens: 9 },
  { numMetaTokens: 33, ringSize: 64, lookback: 0, position: 31 },
  { kvDtype: "f16", position: 20 },
  { kvDtype: "f16", ringSize: null, lookback: 17, position: 60 },
  ...(["f16", "bf16"] as const).map((xProj) => ({ xProj })),
  ...(["f16", "bf16", "q8_0", "iq4_nl", "q4_0"] as const).flatMap((dtype) => [
    { inProj: dtype },
    { outProj: dtype },
  ]),
];

/** What no kernel fuses. */
const APART: readonly Partial<MixerScene>[] = [
  { vHeadDim: 16, headDim: 12, numHeads: 6 },
  { xProj: "q8_0" },
];

/** A cache of numbers where the first token's predecessors are, and NaN elsewhere. */
function filledCache(bench: Bench, scene: MixerScene): MixerOps["attention"]["cache"] {
  const { kvDtype, numKvHeads, headDim, vHeadDim, numMetaTokens, ringSize, position, tokens } = scene;
  const all = position + tokens;
  const slots = ringSize === null ? all : numMetaTokens + ringSize;
  const filled = scene.appends ? Math.min(position, slots) : slots;
  const matrix = (name: string, width: number) => {
    const values = bench.normals(slots * width).map((value, i) =>
      i < filled * width ? Math.round(value * 256) / 256 : NaN
    );
    return bench.matrix(name, [slots, width], values, kvDtype);
  };
  return {
    keys: matrix("keys", numKvHeads * headDim),
    values: matrix("values", numKvHeads * vHeadDim),
    numMetaTokens,
    ringSize,
  };
}

/** The ops of a token, on tensors and weights that all tokens share but for in_proj's output and out. */
function mixerOf(bench: Bench, scene: MixerScene): (token: number) => MixerOps {
  const { numHeads, numKvHeads, headDim, vHeadDim, dState, dtRank, position, lookback, appends } = scene;
  const dInner = numHeads * vHeadDim;
  const widths = [numHeads * headDim, numKvHeads * headDim, numKvHeads * vHeadDim, dInner, dInner];
  const width = widths.reduce((sum, each) => sum + each, 0);
  const cursor = bench.cursor(position);
  const cache = filledCache(bench, scene);
  const [rope, eps] = [bench.rope(headDim), 1e-6];
  const scratch = (n: number) => bench.backend.allocate([1, n], "f32");
  const [queriesOut, conv, attended] = [scratch(widths[0]), scratch(dInner), scratch(dInner)];
  const [dtBC, scanned] = [scratch(dtRank + 2 * dState), scratch(dInner)];
  const convolution = { weight: bench.plain([dInner, 4]), bias: bench.plain([dInner]) };
  const convState = bench.input("convState", [3, dInner]);
  const xProj = bench.weight(scene.xProj, [dtRank + 2 * dState, dInner]);
  const constants = {
    dtNorm: bench.plain([dtRank]),
    bNorm: bench.plain([dState]),
    cNorm: bench.plain([dState]),
    dtProj: bench.projection("bf16", [dInner, dtRank]),
    dtBias: bench.plain([dInner]),
    A: bench.plain([dInner, dState], bench.normals(dInner * dState).map((value) => -Math.exp(value))),
    D: bench.plain([dInner]),
  };
  const ssmState = bench.input("ssmState", [dInner, dState]);
  const inputNorm = { weight: bench.plain([HIDDEN]), eps };
  const inProj = bench.weight(scene.inProj, [width, HIDDEN], 1 / Math.sqrt(HIDDEN));
  const norms = { attentionNorm: bench.plain([dInner]), ssmNorm: bench.plain([dInner]) };
  const outProj = bench.weight(scene.outProj, [HIDDEN, dInner]);
  return (token) => {
    const projected = bench.output(`projected ${token}`, [1, width]);
    let start = 0;
    const [queries, keys, values, u, z] = widths.map((n) => columns(projected, (start += n) - n, n));
    const append = appends ? { keys, values, cache } : undefined;
    const attention = { cache, cursor, numHeads, numKvHeads, lookback };
    return {
      inProj: {
        x: bench.levels(`x ${token}`, [1, HIDDEN]),
        norm: inputNorm,
        weight: inProj,
        out: projected,
      },
      ropeAppend: { queries, out: queriesOut, rope, cursor, append },
      ssmConv: { x: u, ...convolution, convState, out: conv },
      xProj: { x: conv, weight: xProj, out: dtBC },
      attention: { queries: queriesOut, ...attention, out: attended },
      ssmScan: { dtBC, x: conv, z, ...constants, eps, ssmState, out: scanned },
      headFusion: { attention: attended, ssm: scanned, ...norms, eps, out: attended },
      outProj: {
        x: attended,
        weight: outProj,
        out: bench.input(`out ${token}`, [1, HIDDEN]),
        accumulate: true,
      },
    };
  };
}

type Run = (backend: Backend, ops: MixerOps) => void;

async function outcomes(backend: Backend, scene: MixerScene, run: Run): Promise<Outcome[]> {
  const bench = new Bench(backend, 1, "packed");
  const mixer = mixerOf(bench, scene);
  for (let token = 0; token < scene.tokens; token++) {
    const ops = mixer(token);
    run(backend, ops);
    backend.advanceCursor(ops.attention.cursor, 1);
  }
  return await bench.finish();
}

function toleranceFor({ kvDtype, inProj, xProj, outProj }: MixerScene): Tolerance {
  // As for ropeAppend and linear: f16 rounds keys and values, and one step of q16 is 1/32639 of a block's largest.
  if (kvDtype === "f16") return { nmse: 2.5e-7, maxError: 5e-4 };
  if ([inProj, xProj, outProj].some(isQuantized)) return { nmse: 1e-9, maxError: 5e-5 };
  // Seven ops' roundings, one after the other.
  return { nmse: 1e-11, maxError: 1e-5 };
}

backendTest(
  "runMixer agrees with the reference's ops for every shape",
  async (backend, { name, activations }) => {
    assert(fusesMixers(backend));
    const found: string[] = [];
    for (const changes of [...FUSED, ...APART]) {
      const scene = { ...SCENE, ...changes };
      const wanted = await outcomes(new ReferenceBackend(activations), scene, runMixerOps);
      const got = await outcomes(backend, scene, (_, ops) => backend.runMixer(ops));
      const lines = differences(got, wanted, toleranceFor(scene));
      found.push(...lines.map((line) => `${JSON.stringify(changes)}: ${line}`));
    }
    assertEquals(found.length, 0, `${name}: ${found.length} differences:\n${found.slice(0, 20).join("\n")}`);
  },
  CANDIDATES.filter(({ kind }) => kind === "webgpu"),
);

backendTest(
  "runMixer takes four kernels, and one for each op where it cannot fuse them",
  (backend) => {
    for (
      const [scenes, isExpected] of [[FUSED, (n: number) => n === 4], [APART, (n: number) => n > 8]] as const
    ) {
      for (const changes of scenes) {
        const bench = new Bench(backend, 1, "packed");
        const ops = mixerOf(bench, { ...SCENE, ...changes })(0);
        const before = (backend as WebGpuBackend).dispatches;
        (backend as WebGpuBackend).runMixer(ops);
        const kernels = (backend as WebGpuBackend).dispatches - before;
        assert(isExpected(kernels), `${JSON.stringify(changes)}: ${kernels} kernels`);
      }
    }
  },
  CANDIDATES.filter(({ kind }) => kind === "webgpu"),
);
