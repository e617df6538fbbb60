/** The encoder on a GPU: its ops, whole sequences and streams, and when `auto` takes one. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { BackendUnavailableError, type EncoderBackendChoice, HymbaEncoder } from "../../mod.ts";
import { openEncoderBackend } from "../../runtime/encoder/open_encoder_backend.ts";
import { assertAgrees, ENCODER_OPS } from "../encoder/op_cases.ts";
import { largestError, loadFixture, readFixture } from "../encoder/fixture.ts";
import { gpuTest } from "./on_gpu.ts";
import { TestGpu } from "./test_gpu.ts";

const FIXTURES = [
  "encoder-small",
  "encoder-same-width",
  "encoder-one-step",
  "encoder-odd-heads",
  "encoder-long",
] as const;

for (const op of Object.keys(ENCODER_OPS) as (keyof typeof ENCODER_OPS)[]) {
  for (const subgroups of [true, false]) {
    const how = subgroups ? "webgpu" : "webgpu-no-subgroups";
    gpuTest(`${op} of the encoder agrees with the reference for every shape, on ${how}`, async (options) => {
      const choice = { kind: "webgpu", ...options, subgroups } as const;
      await assertAgrees(op, await openEncoderBackend(choice));
    });
  }
}

gpuTest("HymbaEncoder agrees with the NumPy restatement within 1e-5, on webgpu", async (options) => {
  const backend = { kind: "webgpu", ...options } as const;
  for (const name of FIXTURES) {
    const fixture = await readFixture(name);
    await using encoder = await loadFixture(fixture, { backend });
    assertEquals(encoder.backend?.kind, "webgpu");
    const error = largestError(await encoder.encode(fixture.x, fixture.shape), fixture.output);
    assert(error < 1e-5, `${name}: ${error}`);
    if (fixture.propagated === null) continue;
    await using passing = await loadFixture(fixture, { backend }, { metaPropagation: true });
    const passed = largestError(await passing.encode(fixture.x, fixture.shape), fixture.propagated);
    assert(passed < 1e-5, `${name} with metaPropagation: ${passed}`);
  }
});

gpuTest("EncoderStream.step gives at each length what encode gives, on webgpu", async (options) => {
  const backend = { kind: "webgpu", ...options } as const;
  for (const name of ["encoder-small", "encoder-odd-heads"]) {
    const fixture = await readFixture(name);
    const { x, shape: [, length, embedDim] } = fixture;
    await using encoder = await loadFixture(fixture, { backend });
    await using stream = encoder.createStream({ maxLength: length });
    for (let t = 0; t < length; t++) {
      const whole = x.subarray(0, (t + 1) * embedDim);
      const { output, gateMeans } = await encoder.encodeWithGates(whole, [1, t + 1, embedDim]);
      const step = await stream.step(whole.subarray(t * embedDim));
      assert(largestError(step, output) < 1e-5, `${name}, step ${t}`);
      assert(largestError(stream.gateMeans, gateMeans) < 1e-6, `${name}, gates of step ${t}`);
    }
  }
});

const SMALL = { embedDim: 3, hiddenSize: 16, numLayers: 2 };

/** The report on an encoder that was loaded with a choice. */
async function reportOf(backend: EncoderBackendChoice) {
  await using encoder = HymbaEncoder.build(SMALL);
  await encoder.initializeWeights({ backend });
  assertEquals((await encoder.encode([1, 2, 3], [1, 1, 3])).length, 16);
  return encoder.backend!;
}

gpuTest("HymbaEncoder takes a GPU where the encoder is large and the GPU computes right", async (options) => {
  const small = await reportOf({ kind: "auto", ...options });
  assertEquals(small.kind, "wasm");
  assertMatch(small.reason, /^an encoder so small/);
  const large = await reportOf({ kind: "auto", ...options, minMatrixBytes: 0 });
  assertEquals(large.kind, "webgpu");
  assertMatch(large.reason, /agree with the CPU's$/);
  const none = await reportOf({
    kind: "auto",
    gpu: { requestAdapter: () => Promise.resolve(null) } as unknown as GPU,
    minMatrixBytes: 0,
  });
  assertMatch(none.reason, /^no WebGPU \(.*no adapter/);
});

gpuTest("HymbaEncoder refuses a GPU that computes something else, or fails", async (options) => {
  const wrong = new TestGpu(options, (device) => {
    const createShaderModule = device.createShaderModule.bind(device);
    const value: GPUDevice["createShaderModule"] = ({ code, ...rest }) =>
      createShaderModule({ ...rest, code: code.replace("x[i] = sigmoid(sum);", "x[i] = 0.25 * sum;") });
    Object.defineProperty(device, "createShaderModule", { value });
  });
  const lost = new TestGpu(options, (device) => device.destroy());
  for (const [{ gpu }, message] of [[wrong, "off by"], [lost, "it failed"]] as const) {
    const backend = { kind: "webgpu", ...options, gpu, selfTest: true } as const;
    await assertRejects(() => reportOf(backend), BackendUnavailableError, message);
    const { kind } = await reportOf({ ...backend, kind: "auto", minMatrixBytes: 0 });
    assertEquals(kind, "wasm");
  }
});
