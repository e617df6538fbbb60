/**
 * @file Where a token's time goes on one CPU thread: each op of a decode step and of a prompt, its share, and how fast its weights are read,
 * against what one native thread reads of as many bytes in the same run.
 *
 * `deno task bench:profile [SHAPE] [DTYPE] [TOKENS]`: SHAPE default, 125m, 350m or 1.5b (random weights but for the default); DTYPE the
 * storage of the large matrices, q8_0 or q4_0; TOKENS the length of the prompt, which is the context that decoding begins with.
 */
import { type CheckpointSource, loadModel, type Model } from "../../mod.ts";
import type { LinearArgs, Weight } from "../../runtime/backend.ts";
import { WasmBackend } from "../../runtime/backends/wasm.ts";
import type { WeightDtype } from "../../runtime/tensor.ts";
import { nativeReadRate } from "../native_read.ts";
import { openRandomCheckpoint } from "../random_checkpoint.ts";
import { shapeConfig, type ShapeName } from "../shapes.ts";

/** What one kind of call has cost so far. */
interface Cost {
  milliseconds: number;
  calls: number;
  /** Bytes of the weights that its calls have read. */
  bytes: number;
}

const OPS = [
  ...["embed", "rmsNorm", "linear", "gatedLinear", "ropeAppend", "attention", "ssmConv", "ssmScan"],
  "headFusion",
] as const;

/** Times every op of every WASM backend; calls are told apart by their weight's shape. */
class OpTimer {
  readonly costs = new Map<string, Cost>();

  /** Puts itself in front of the ops. */
  constructor() {
    const ops = WasmBackend.prototype as unknown as Record<string, (args: unknown) => void>;
    for (const name of OPS) {
      const op = ops[name];
      const note = (args: unknown, milliseconds: number): void => this.#note(name, args, milliseconds);
      ops[name] = function (args) {
        const start = performance.now();
        op.call(this, args);
        note(args, performance.now() - start);
      };
    }
  }

  #note(op: string, args: unknown, milliseconds: number): void {
    const { weight, gate, up } = args as Partial<Record<"weight" | "gate" | "up", Weight>> & LinearArgs;
    const isProduct = op === "linear" || op === "gatedLinear";
    const weights = isProduct ? [weight, gate, up].filter((each) => each !== undefined) : [];
    const name = [op, ...weights.slice(0, 1).map(({ dtype, shape }) => `${shape.join(" x ")} ${dtype}`)].join(
      " ",
    );
    const cost = this.costs.get(name) ?? { milliseconds: 0, calls: 0, bytes: 0 };
    cost.milliseconds += milliseconds;
    cost.calls++;
    cost.bytes += weights.reduce((sum, { byteLength }) => sum + byteLength, 0);
    this.costs.set(name, cost);
  }
}

/** Runs `work` and prints what its ops cost for each of `tokens` tokens. Returns milliseconds a token. */
async function profile(
  timer: OpTimer,
  what: string,
  tokens: number,
  work: () => Promise<void>,
): Promise<number> {
  timer.costs.clear();
  const start = performance.now();
  await work();
  const total = performance.now() - start;
  const rows = [...timer.costs].sort(([, a], [, b]) => b.milliseconds - a.milliseconds);
  const inOps = rows.reduce((sum, [, { milliseconds }]) => sum + milliseconds, 0);
  console.log(`\n${what}: ${(1000 * tokens / total).toFixed(1)} tokens/s\n`);
  console.log("| op | calls a token | us a token | share | weights, GB/s |\n| --- | --- | --- | --- | --- |");
  for (
    const [name, { milliseconds, calls, bytes }] of [
      ...rows,
      ["outside the ops", {
        ...{ milliseconds: total - inOps, calls: 0, bytes: 0 },
      }] as const,
    ]
  ) {
    const rate = bytes === 0 ? "" : (bytes / milliseconds / 1e6).toFixed(1);
    const cells = [(calls / tokens).toFixed(2), (1000 * milliseconds / tokens).toFixed(1)];
    console.log(`| ${[name, ...cells, `${(100 * milliseconds / total).toFixed(1)} %`, rate].join(" | ")} |`);
  }
  return total / tokens;
}

/** Prints the profiles. */
export async function main(args: readonly string[]): Promise<void> {
  const [shape = "default", dtype = "q8_0", prompt = "512"] = args;
  const source: CheckpointSource | undefined = shape === "default"
    ? undefined
    : openRandomCheckpoint(shapeConfig(shape as ShapeName), dtype as WeightDtype);
  const quantization = shape === "default" && dtype !== "q8_0" ? { quantization: dtype as WeightDtype } : {};
  await using model = await loadModel(source, { backend: "wasm", threads: 1, ...quantization });
  const { vocabSize } = model.config;
  const ids = Array.from({ length: Number(prompt) }, (_, i) => 3 + (i * 37) % (vocabSize - 3));
  const timer = new OpTimer();
  const decoded = shape === "default" ? 300 : 50;
  const run = async (print: boolean): Promise<void> => await passes(model, timer, ids, decoded, print);
  await run(false);
  await run(true);
}

async function passes(
  model: Model,
  timer: OpTimer,
  ids: readonly number[],
  decoded: number,
  print: boolean,
): Promise<void> {
  const silent = async (_: OpTimer, __: string, ___: number, work: () => Promise<void>): Promise<number> => {
    await work();
    return 0;
  };
  const measure = print ? profile : silent;
  await using session = await model.createSession();
  const prompt = await measure(timer, `prompt of ${ids.length}`, ids.length, () => session.append(ids));
  let bytes = 0;
  const decode = await measure(timer, `decode from position ${ids.length} on`, decoded, async () => {
    for (let i = 0; i < decoded; i++) {
      await session.append([ids[i % ids.length]]);
      await session.nextLogits();
    }
    bytes = [...timer.costs.values()].reduce((sum, cost) => sum + cost.bytes, 0) / decoded;
  });
  if (!print) return;
  const native = await nativeReadRate(bytes);
  console.log(
    `\n${(bytes / 1e6).toFixed(1)} MB of matrices a token; prompt ${(decode / prompt).toFixed(2)} x decode`,
  );
  if (native === null) console.log("native read: not measured, no gcc");
  else {
    const share = bytes / decode * 1000 / native;
    console.log(`native read ${(native / 1e9).toFixed(1)} GB/s; decode is ${share.toFixed(2)} of it`);
  }
}

if (import.meta.main) await main(Deno.args);
