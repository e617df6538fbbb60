/**
 * Everything to be known of the WebGPU backend on one GPU, in one command and under five minutes:
 *
 *     deno run -A bench/webgpu/h200.ts OUT [--dawn] [--tiny] [--no-tests] [--dtypes q4_0,q8_0,f16]
 *
 * Runs the conformance tests, then times ops and the whole model with random weights in the shapes of Hymba-1.5B, and writes
 * OUT/webgpu.json. `--tiny` takes small shapes and any adapter, to try the bench itself.
 */
import { openWebGpuBackend } from "../../runtime/backends/webgpu.ts";
import type { WeightDtype } from "../../runtime/tensor.ts";
import { randomNetwork, timeDecode, timePrefill } from "./model.ts";
import { timeOps } from "./ops.ts";
import { HYMBA_1_5B, TINY } from "./shapes.ts";
import { Stopwatch } from "./timing.ts";

const [folder, ...flags] = Deno.args;
const tiny = flags.includes("--tiny");
const config = tiny ? TINY : HYMBA_1_5B;
const listed = flags[flags.indexOf("--dtypes") + 1];
const dtypes = (flags.includes("--dtypes") ? listed : "q4_0,q8_0,f16").split(",") as WeightDtype[];
const position = tiny ? 100 : 4096;
const gpu = flags.includes("--dawn") ? (await import("webgpu")).create([]) as GPU : undefined;

/** The conformance tests' closing lines. */
async function conformance(): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "scripts/test.ts", "tests/conformance", "tests/webgpu", "--filter", "webgpu"],
    cwd: new URL("../../", import.meta.url),
    env: { REQUIRE_BACKENDS: "webgpu", NO_COLOR: "1" },
  }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return (decode(stdout) + decode(stderr)).slice(-4000);
}

async function timings(dtype: WeightDtype): Promise<Record<string, unknown>> {
  const backend = await openWebGpuBackend({ gpu, allowSoftware: tiny });
  const net = await randomNetwork(backend, config, dtype, tiny ? 32 : 512);
  const stopwatch = new Stopwatch(backend);
  const decode = await timeDecode(net, backend, stopwatch, tiny ? [8] : [128, 4096, 32768]);
  const ops = await timeOps(net, backend, stopwatch, position);
  const prefill = await timePrefill(net, stopwatch, tiny ? [32] : [64, 512]);
  const { adapter, features } = backend;
  backend.dispose();
  return { dtype, adapter, features, decode, ops, prefill };
}

const report: Record<string, unknown> = { runtime: navigator.userAgent, dawn: gpu !== undefined, models: [] };
async function save(): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/webgpu.json`, JSON.stringify(report, null, 1));
}
if (!flags.includes("--no-tests")) {
  report.tests = await conformance();
  console.log(report.tests);
  await save();
}
for (const dtype of dtypes) {
  const start = performance.now();
  const result = await timings(dtype);
  (report.models as unknown[]).push(result);
  await save();
  console.log(`\n${dtype}, ${((performance.now() - start) / 1000).toFixed(0)} s`);
  for (const part of ["decode", "ops", "prefill"]) console.table(result[part]);
}
Deno.exit(0);
