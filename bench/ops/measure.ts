/**
 * @file Every op of the WebAssembly backend at the shapes of the 125M model, against its scalar twin and a native read of the bytes
 * that it must read, rounds interleaved: `deno task bench:twins [WORD ...]`. With words only ops whose names have one are timed, and nothing is written.
 */
import { openWasmBackend } from "../../runtime/backends/wasm.ts";
import { compileKernels } from "../../runtime/backends/wasm/compile_kernels.ts";
import { parseConfig } from "../../runtime/config.ts";
import { NativeRead } from "../native_read.ts";
import { type Figure, figure, here, type Setting, writeResults } from "../results.ts";
import { shapeConfig } from "../shapes.ts";
import { layerCases } from "./layer_cases.ts";
import { Operands, WeightBytes } from "./operands.ts";
import { type Call, type OpCase, productCases } from "./product_cases.ts";
import { buildScalarTwin } from "./scalar_twin.ts";

/** One op. Times are microseconds a call; null: not measured. */
export interface OpRow {
  readonly op: string;
  /** Rows of activations: 1 is decode. */
  readonly rows: number;
  /** Bytes that a call must read. */
  readonly bytes: number;
  readonly simd: Figure;
  readonly twin: Figure | null;
  readonly nativeRead: Figure | null;
  /** The twin's time over ours, in each round. */
  readonly timesTwin: Figure | null;
  /** The native read's time over ours, in each round. */
  readonly shareOfRead: Figure | null;
}

/** bench/results/ops.json. */
export interface OpResults {
  readonly setting: Setting;
  readonly ops: readonly OpRow[];
}

const ROUNDS = 5;
const MILLISECONDS = 25;
/** Bytes of weights or state that calls go through before they come back to the first copy. */
const ROTATION = 64 * 2 ** 20;
const MOST_COPIES = 256;
const ROWS = [1, 64] as const;

/** An op on one backend, ready to be timed. */
class Timed implements Disposable {
  readonly operands: Operands;
  readonly #calls: Call[];
  #next = 0;
  #count = 1;

  private constructor(operands: Operands, calls: Call[]) {
    this.operands = operands;
    this.#calls = calls;
  }

  /** With as many copies as the rotation takes. */
  static async prepare(
    module: WebAssembly.Module,
    { prepare }: OpCase,
    weights: WeightBytes,
  ): Promise<Timed> {
    const operands = new Operands(await openWasmBackend({ module }), weights);
    const calls = [prepare(operands, 0)];
    const copies = Math.min(MOST_COPIES, Math.max(2, Math.ceil(ROTATION / operands.heldBytes)));
    while (calls.length < copies) calls.push(prepare(operands, calls.length));
    return new Timed(operands, calls);
  }

  get copies(): number {
    return this.#calls.length;
  }

  /** What the first call computes; to be asked before any other call. */
  async result(): Promise<Float32Array> {
    const [{ run, out }] = this.#calls;
    run();
    return await this.operands.backend.read(out);
  }

  /** Runs until V8 has optimised the code, and finds out how many calls a round takes. */
  warmUp(): void {
    this.#count = 2;
    for (let spent = 0; spent < 4 * MILLISECONDS;) {
      const microseconds = this.time();
      spent += microseconds * this.#count / 1000;
      this.#count = Math.max(2, Math.ceil(1000 * MILLISECONDS / microseconds));
    }
  }

  /** Microseconds a call, over one round. */
  time(): number {
    const start = performance.now();
    for (let i = 0; i < this.#count; i++) {
      this.#calls[this.#next].run();
      this.#next = (this.#next + 1) % this.#calls.length;
    }
    return 1000 * (performance.now() - start) / this.#count;
  }

  [Symbol.dispose](): void {
    this.operands.backend.dispose();
  }
}

/** Fails where two builds disagree by more than roundings, because then they were not doing the same work. */
async function checkEqual(op: string, simd: Timed, twin: Timed): Promise<void> {
  const [ours, theirs] = [await simd.result(), await twin.result()];
  const scale = ours.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const error = ours.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i])), 0);
  if (error <= 1e-4 * scale) return;
  throw new Error(`Cannot compare ${op}: the builds differ by ${error} of ${scale}, expected roundings`);
}

interface Rig {
  readonly simd: WebAssembly.Module;
  readonly twin: WebAssembly.Module | null;
  readonly native: NativeRead | null;
  readonly weights: WeightBytes;
}

async function measure(rig: Rig, op: OpCase): Promise<OpRow> {
  using simd = await Timed.prepare(rig.simd, op, rig.weights);
  using twin = rig.twin && await Timed.prepare(rig.twin, op, rig.weights);
  const { heldBytes, activationBytes } = simd.operands;
  const bytes = op.readBytes ?? heldBytes / simd.copies + activationBytes;
  if (twin) await checkEqual(op.op, simd, twin);
  simd.warmUp();
  twin?.warmUp();
  const simdTimes: number[] = [], twinTimes: number[] = [], readTimes: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const rate = await rig.native?.rate(heldBytes + activationBytes, MILLISECONDS);
    if (rate) readTimes.push(1e6 * bytes / rate);
    simdTimes.push(simd.time());
    if (twin) twinTimes.push(twin.time());
  }
  const figures = (times: number[]): Figure | null => times.length === 0 ? null : figure(times);
  const overOurs = (times: number[]): Figure | null => figures(times.map((time, i) => time / simdTimes[i]));
  return {
    ...{ op: op.op, rows: op.rows, bytes, simd: figure(simdTimes) },
    ...{ twin: figures(twinTimes), nativeRead: figures(readTimes) },
    ...{ timesTwin: overOurs(twinTimes), shareOfRead: overOurs(readTimes) },
  };
}

if (import.meta.main) {
  const config = parseConfig(shapeConfig("125m"));
  const twin = await buildScalarTwin();
  await using native = await NativeRead.compile();
  const rig = {
    ...{ simd: await compileKernels("relaxed", false), twin, native },
    weights: new WeightBytes(config),
  };
  const words = Deno.args;
  const ops: OpRow[] = [];
  for (const op of ROWS.flatMap((rows) => [...productCases(config.hiddenSize, rows), ...layerCases(rows)])) {
    if (words.length > 0 && !words.some((word) => op.op.includes(word))) continue;
    const row = await measure(rig, op);
    const [share, times] = [row.shareOfRead, row.timesTwin].map((each) => each?.median.toFixed(2) ?? "?");
    console.log(
      `${row.op}, l = ${row.rows}: ${row.simd.median.toFixed(1)} us, ` +
        `${share} of the native read, x ${times} of the twin`,
    );
    ops.push(row);
  }
  if (words.length === 0) {
    await writeResults("ops", { setting: await here(ROUNDS), ops } satisfies OpResults);
  }
}
