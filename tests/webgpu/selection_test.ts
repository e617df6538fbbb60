/** Which backend "auto" takes, what it has to prove before, and what the report says of it. */
import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { type AutoChoice, type BackendReport, loadModel } from "../../mod.ts";
import type { DeviceOptions } from "../../runtime/backends/webgpu/device.ts";
import { BackendUnavailableError } from "../../runtime/errors.ts";
import { compareLogits, layersToTest } from "../../runtime/self_test.ts";
import { fakeGpu, SOFTWARE } from "./fake_gpu.ts";
import { gpuTest } from "./on_gpu.ts";
import { TestGpu } from "./test_gpu.ts";

const TINY = new URL("../fixtures/tiny-pair", import.meta.url);

/** The report of a model that "auto" would try a GPU for. */
async function chosen(choice: Omit<AutoChoice, "kind">, source = TINY): Promise<BackendReport> {
  await using model = await loadModel(source, { backend: { kind: "auto", minMatrixBytes: 0, ...choice } });
  assertEquals((await model.logits([1, 2])).length, 2 * model.config.vocabSize);
  return model.backend;
}

Deno.test("loadModel takes WASM where there is no adapter, or only an emulated one, and says so", async () => {
  for (
    const [gpu, why] of [[fakeGpu(null), "no adapter"], [fakeGpu({ info: SOFTWARE }), "emulated"]] as const
  ) {
    const { kind, reason, selfTest } = await chosen({ gpu });
    assertEquals([kind, selfTest], ["wasm", undefined]);
    assert(reason.includes(why), reason);
  }
});

Deno.test("loadModel looks for no GPU where the model is small", async () => {
  const requestAdapter = () => Promise.reject(new Error("somebody asked"));
  const gpu = { requestAdapter } as unknown as GPU;
  await using model = await loadModel(undefined, { backend: { kind: "auto", gpu } });
  assertEquals(model.backend.kind, "wasm");
  assert(model.backend.reason.includes("too small"), model.backend.reason);
});

gpuTest(
  "loadModel takes a GPU whose logits agree with the CPU's, and reports by how much",
  async (options) => {
    for (const name of ["tiny-pair", "tiny-triple", "tiny-quant", "tiny-bf16"]) {
      const report = await chosen(
        { ...options, allowSoftware: true },
        new URL(`../fixtures/${name}`, import.meta.url),
      );
      assertEquals(report.kind, "webgpu");
      const { steps, maxError, top1Agreement, milliseconds } = report.selfTest!;
      assertEquals([steps, top1Agreement], [20, 1]);
      assertLess(maxError, 1e-4);
      assertLess(0, milliseconds);
      assertEquals(typeof report.adapter?.description, "string");
      assertEquals(typeof report.features?.subgroups, "boolean");
    }
  },
);

/** A GPU on which one function of the shaders computes something else. */
function wrongGpu(options: DeviceOptions): TestGpu {
  return new TestGpu(options, (device) => {
    const create = device.createShaderModule.bind(device);
    const value: GPUDevice["createShaderModule"] = ({ code, ...rest }) => {
      const wrong = "fn silu(x: f32) -> f32 { return 0.75 * x; }\nfn right_silu(x: f32) -> f32 {";
      return create({ ...rest, code: code.replace("fn silu(x: f32) -> f32 {", wrong) });
    };
    Object.defineProperty(device, "createShaderModule", { value });
  });
}

gpuTest("loadModel refuses a GPU that computes something else", async (options) => {
  const { gpu } = wrongGpu(options);
  const { kind, reason } = await chosen({ gpu, allowSoftware: true });
  assertEquals(kind, "wasm");
  assert(reason.includes("its logits differ"), reason);
  const backend = { kind: "webgpu", gpu, allowSoftware: true } as const;
  await assertRejects(
    () => loadModel(TINY, { backend: { ...backend, selfTest: true } }),
    BackendUnavailableError,
    "differ",
  );
  await using trusted = await loadModel(TINY, { backend });
  assertEquals(trusted.backend, { ...trusted.backend, kind: "webgpu", reason: "asked for" });
});

gpuTest("loadModel goes on without a GPU that is lost while it is tested", async (options) => {
  const { gpu } = new TestGpu(options, (device) => device.destroy());
  const { kind, reason } = await chosen({ gpu, allowSoftware: true });
  assertEquals(kind, "wasm");
  assert(reason.includes("is lost"), reason);
});

Deno.test("compareLogits finds the largest error and other successors, and no fault with ties or equals", () => {
  const wanted = Float32Array.of(1, 2, 4, 4, 3.9996, 0);
  assertEquals(compareLogits(wanted, wanted, 3, 1e-3), { steps: 2, maxError: 0, top1Agreement: 1 });
  const tied = Float32Array.of(1, 2, 4, 3.9996, 4, 0);
  assertEquals(compareLogits(tied, wanted, 3, 1e-3).top1Agreement, 1);
  assertEquals(compareLogits(Float32Array.of(1, 5, 4, 4, 3.9996, 0), wanted, 3, 1e-3), {
    steps: 2,
    maxError: 0.75,
    top1Agreement: 0.5,
  });
  assertEquals(compareLogits(Float32Array.of(1, NaN, 4, 4, 3, 0), wanted, 3, 1e-3).maxError, Infinity);
});

Deno.test("layersToTest ends where every kind of layer has come", () => {
  const own = (attention: "global" | "window", kvOwner: number) => ({ attention, kvOwner });
  const hymba = [own("global", 0), own("window", 1), own("window", 1), own("window", 3), own("global", 4)];
  assertEquals(layersToTest({ layers: hymba }), 3);
  assertEquals(layersToTest({ layers: [...hymba, own("global", 4)] }), 6);
  assertEquals(layersToTest({ layers: [own("global", 0), own("global", 1)] }), 1);
});
