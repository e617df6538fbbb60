/**
 * Everything to be known of the WebGPU backend on one GPU, in one command of some minutes:
 *
 *     deno run -A bench/webgpu/gpu.ts OUT [--dawn] [--tiny] [--tests] [--shapes default,125m,350m,1.5b] [--dtypes q4_0,q8_0,f16]
 *         [--chunk ROWS]
 *
 * Times decode, prompts and single ops with random weights in the models' shapes, then the default model as a caller meets it, and
 * writes OUT/webgpu.json. `--tests` runs the conformance tests first; `--tiny` takes small shapes and any adapter, to try the bench.
 */
import { openStories } from "../../models/stories/open_stories.ts";
import { openCheckpoint } from "../../runtime/checkpoint.ts";
import { openWebGpuBackend, type WebGpuBackend } from "../../runtime/backends/webgpu.ts";
import { type HymbaConfig, parseConfig } from "../../runtime/config.ts";
import type { WeightDtype } from "../../runtime/tensor.ts";
import { shapeConfig, type ShapeName } from "../shapes.ts";
import { callerTimings } from "./caller.ts";
import { floorOf, readRate } from "./floor.ts";
import { randomNetwork, timeDecode, timePrefill } from "./model.ts";
import { timeOps } from "./ops.ts";
import { TINY } from "./shapes.ts";
import { Stopwatch } from "./timing.ts";

const [folder, ...flags] = Deno.args;
const tiny = flags.includes("--tiny");
const gpu = flags.includes("--dawn") ? (await import("webgpu")).create([]) as GPU : undefined;
const dtypes = listed("--dtypes", "q4_0,q8_0,f16") as WeightDtype[];
const shapes = listed("--shapes", tiny ? "tiny" : "default,125m,350m,1.5b");

function listed(flag: string, all: string): string[] {
  return (flags.includes(flag) ? flags[flags.indexOf(flag) + 1] : all).split(",");
}

async function configOf(shape: string): Promise<HymbaConfig> {
  if (shape === "tiny") return TINY;
  if (shape !== "default") return parseConfig(shapeConfig(shape as ShapeName));
  const { configJson, tensors } = await openCheckpoint(await openStories());
  await tensors.close();
  return parseConfig(configJson);
}

/** The conformance tests' closing lines. */
async function conformance(): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "scripts/test.ts", "--no-check", "tests/conformance", "--filter", "webgpu"],
    cwd: new URL("../../", import.meta.url),
    env: { REQUIRE_BACKENDS: "webgpu", NO_COLOR: "1" },
  }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return (decode(stdout) + decode(stderr)).slice(-4000);
}

async function timings(shape: string, dtype: WeightDtype): Promise<Record<string, unknown>> {
  const config = await configOf(shape);
  const backend: WebGpuBackend = await openWebGpuBackend({ gpu, allowSoftware: tiny });
  const [chunk] = listed("--chunk", String(backend.preferredChunkSize)).map(Number);
  const net = await randomNetwork(backend, config, dtype, chunk);
  const stopwatch = new Stopwatch(backend);
  const decode = await timeDecode(net, backend, stopwatch, tiny ? [8] : [128, 8192]);
  const ops = shape === "1.5b" || tiny ? await timeOps(net, backend, stopwatch, tiny ? 8 : 4096) : undefined;
  const prefill = await timePrefill(net, tiny ? [32] : [512, 8192]);
  const { adapter, features } = backend;
  const floor = floorOf(net, tiny ? 8 : 8192, report.readBytesPerSecond);
  backend.dispose();
  return { shape, dtype, chunk, adapter, features, floor, decode, prefill, ops };
}

const report: Record<string, unknown> & { readBytesPerSecond: number; models: unknown[] } = {
  runtime: navigator.userAgent,
  dawn: gpu !== undefined,
  readBytesPerSecond: await readRate({ gpu, allowSoftware: tiny }, tiny ? 2 ** 20 : 2 ** 29),
  models: [],
};

async function save(): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/webgpu.json`, JSON.stringify(report, null, 1));
}

console.log(`a product reads ${(report.readBytesPerSecond / 1e12).toFixed(2)} TB/s`);
if (flags.includes("--tests")) {
  report.tests = await conformance();
  console.log(report.tests);
  await save();
}
report.caller = await callerTimings({ kind: "webgpu", gpu, allowSoftware: tiny }, tiny ? 20 : 1000);
console.log("default model, as a caller meets it:", report.caller);
for (const shape of shapes) {
  for (const dtype of dtypes) {
    const start = performance.now();
    const result = await timings(shape, dtype);
    report.models.push(result);
    await save();
    console.log(`\n${shape} ${dtype}, ${((performance.now() - start) / 1000).toFixed(0)} s`, result.floor);
    for (const part of ["decode", "prefill", "ops"]) if (result[part]) console.table(result[part]);
  }
}
Deno.exit(0);
