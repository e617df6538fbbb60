/** What the WebGPU backend does beyond the ops' results: which GPU it takes, how it fails, how it splits. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Backend } from "../../runtime/backend.ts";
import { openWebGpuBackend, WebGpuBackend, type WebGpuOptions } from "../../runtime/backends/webgpu.ts";
import { ReferenceBackend } from "../../runtime/backends/reference.ts";
import { openDevice } from "../../runtime/backends/webgpu/device.ts";
import { BackendUnavailableError, DeviceLostError, KernelError } from "../../runtime/errors.ts";
import { quantize } from "../../runtime/formats/quantize.ts";
import { columns, QUANTIZED_DTYPES, type Tensor, type WeightDtype } from "../../runtime/tensor.ts";
import { seeded } from "../text/seeded.ts";
import { fakeGpu, REAL, SOFTWARE } from "./fake_gpu.ts";
import { gpuTest } from "./on_gpu.ts";

Deno.test("openWebGpuBackend refuses an emulated GPU that was not asked for", async () => {
  for (const info of [SOFTWARE, { ...REAL, isFallbackAdapter: true }]) {
    const gpu = fakeGpu({ info });
    const error = await assertRejects(() => openWebGpuBackend({ gpu }), BackendUnavailableError);
    assert(error.message.includes(info.description), error.message);
  }
});

Deno.test("openWebGpuBackend says what is missing where there is no adapter, or too old a language", async () => {
  const none = await assertRejects(() => openWebGpuBackend({ gpu: fakeGpu(null) }), BackendUnavailableError);
  assert(none.message.includes("no adapter"), none.message);
  const gpu = fakeGpu({ info: REAL }, []);
  const old = await assertRejects(() => openWebGpuBackend({ gpu }), BackendUnavailableError);
  assert(old.message.includes("packed_4x8_integer_dot_product"), old.message);
});

Deno.test("openWebGpuBackend wraps a device that is refused", async () => {
  const gpu = fakeGpu({
    info: REAL,
    features: new Set<string>() as unknown as GPUSupportedFeatures,
    limits: {} as GPUSupportedLimits,
    requestDevice: () => Promise.reject(new TypeError("none left")),
  });
  const error = await assertRejects(() => openWebGpuBackend({ gpu }), BackendUnavailableError);
  assert(error.message.includes("none left"), error.message);
});

function upload(
  backend: Backend,
  use: "matrix" | "plain",
  dtype: WeightDtype,
  shape: number[],
  seed: number,
) {
  const random = seeded(seed);
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal());
  return backend.upload(use, dtype, shape, quantize(dtype, values));
}

function input(backend: Backend, shape: [number, number], seed: number): Tensor {
  const random = seeded(seed);
  const tensor = backend.allocate(shape, "f32");
  const values = Float32Array.from({ length: shape[0] * shape[1] }, () => random.normal());
  backend.restore(tensor, new Uint8Array(values.buffer));
  return tensor;
}

/** Multiples of 1/8 up to 127/8, the largest in each block of 32: steps of one byte, and near steps of two. */
function whole(backend: Backend, shape: [number, number]): Tensor {
  const random = seeded(11);
  const tensor = backend.allocate(shape, "f32");
  const values = Float32Array.from(
    { length: shape[0] * shape[1] },
    (_, i) => (i % 32 === 0 ? 127 : random.integer(255) - 127) / 8,
  );
  const bytes = backend.floatFormat === "f64" ? Float64Array.from(values) : values;
  backend.restore(tensor, new Uint8Array(bytes.buffer));
  return tensor;
}

/** Everything that is computed with a matrix, over one that may be in parts. */
async function products(options: WebGpuOptions, dtype: WeightDtype): Promise<Float32Array[]> {
  const backend = await openWebGpuBackend(options);
  const x = input(backend, [3, 64], 1);
  const [weight, up] = [2, 3].map((seed) => upload(backend, "matrix", dtype, [45, 64], seed));
  const ids = backend.allocate([4], "u32");
  backend.writeIds(ids, [44, 0, 17, 9]);
  const [sum, gated, embedded] = [
    input(backend, [3, 45], 4),
    input(backend, [3, 45], 5),
    input(backend, [4, 64], 6),
  ];
  backend.linear({ x, weight, out: sum, accumulate: true });
  backend.gatedLinear({ x, gate: weight, up, out: gated });
  backend.embed({ ids, table: weight, out: embedded });
  const results = await Promise.all([sum, gated, embedded].map((tensor) => backend.read(tensor)));
  backend.dispose();
  return results;
}

for (const dtype of ["f32", "bf16", "q8_0", "q4_0"] as const) {
  gpuTest(`linear, gatedLinear and embed do not see that a ${dtype} matrix is in parts`, async (options) => {
    const whole = await products(options, dtype);
    assertEquals(await products({ ...options, weightPartBytes: 700 }, dtype), whole);
  });
}

gpuTest(
  "linear makes of activations what the reference makes of them, in one byte or two",
  async (options) => {
    for (const activations of ["q8", "q16"] as const) {
      const backend = await openWebGpuBackend({ ...options, activations });
      const reference = new ReferenceBackend(activations);
      for (const dtype of QUANTIZED_DTYPES) {
        const [got, wanted] = await Promise.all([backend, reference].map((each) => {
          const out = each.allocate([2, 19], "f32");
          each.linear({ x: whole(each, [2, 96]), weight: upload(each, "matrix", dtype, [19, 96], 3), out });
          return each.read(out);
        }));
        const scale = Math.max(...wanted.map(Math.abs));
        wanted.forEach((value, i) =>
          assert(Math.abs(got[i] - value) < 1e-6 * scale, `${activations} ${dtype} ${i}: ${got[i]}, ${value}`)
        );
      }
      backend.dispose();
    }
  },
);

gpuTest("upload names the limit where not even one row fits a binding", async (options) => {
  const backend = await openWebGpuBackend({ ...options, weightPartBytes: 100 });
  const error = await assertRejects(
    async () => await Promise.resolve(upload(backend, "matrix", "f32", [2, 64], 1)),
    KernelError,
  );
  assert(error.message.includes("100"), error.message);
  backend.dispose();
});

gpuTest("read throws what the GPU refused, once, as a KernelError", async (options) => {
  const opened = await openDevice(options);
  const backend = new WebGpuBackend(opened);
  const tensor = backend.allocate([4], "f32");
  assertEquals(await backend.read(tensor), new Float32Array(4));
  opened.device.createBuffer({ size: 16, usage: 0 });
  await assertRejects(() => backend.read(tensor), KernelError);
  assertEquals(await backend.read(tensor), new Float32Array(4));
  backend.dispose();
});

gpuTest(
  "read throws DeviceLostError once the device is lost, whether it has begun or not",
  async (options) => {
    const opened = await openDevice(options);
    const backend = new WebGpuBackend(opened);
    const tensor = backend.allocate([4], "f32");
    await backend.read(tensor);
    opened.device.destroy();
    await assertRejects(() => backend.read(tensor), DeviceLostError);
    await assertRejects(() => backend.read(tensor), DeviceLostError);
  },
);

gpuTest("ropeAppend turns by exact angles at positions where float32 has none left", async (options) => {
  const backend = await openWebGpuBackend(options);
  const frequencies = Float64Array.from({ length: 4 }, (_, i) => 10 ** -i * 0.9);
  const rope = backend.createRope(frequencies);
  const cursor = backend.createCursor();
  for (const position of [1, 100_000, 16_777_217, 2 ** 31 + 12345]) {
    const queries = backend.allocate([1, 8], "f32");
    backend.restore(queries, new Uint8Array(Float32Array.of(1, 1, 1, 1, 0, 0, 0, 0).buffer));
    backend.setCursor(cursor, position);
    backend.ropeAppend({ queries, out: queries, rope, cursor });
    const got = await backend.read(queries);
    frequencies.forEach((frequency, i) => {
      const angle = position * frequency;
      assert(
        Math.abs(got[i] - Math.cos(angle)) < 2e-6,
        `cos at ${position}, ${i}: got ${got[i]}, wanted ${Math.cos(angle)}`,
      );
      assert(Math.abs(got[i + 4] - Math.sin(angle)) < 2e-6, `sin at ${position}, ${i}: got ${got[i + 4]}`);
    });
  }
  backend.dispose();
});

gpuTest("ops on views of one buffer keep what they read apart from what they write", async (options) => {
  const backend = await openWebGpuBackend(options);
  const weight = upload(backend, "matrix", "f16", [16, 32], 7);
  const apart = input(backend, [3, 48], 8);
  const wanted = backend.allocate([3, 16], "f32");
  backend.linear({ x: columns(apart, 16, 32), weight, out: wanted });
  const shared = input(backend, [3, 48], 8);
  backend.linear({ x: columns(shared, 16, 32), weight, out: columns(shared, 0, 16) });
  assertEquals(await backend.read(columns(shared, 0, 16)), await backend.read(wanted));
  assertEquals(await backend.read(columns(shared, 16, 32)), await backend.read(columns(apart, 16, 32)));
  backend.dispose();
});

gpuTest("free and allocate between the same calls never let an op see old memory", async (options) => {
  const backend = await openWebGpuBackend(options);
  const weight = upload(backend, "plain", "f32", [8], 9);
  for (const seed of [1, 2, 3]) {
    const x = input(backend, [2, 8], seed);
    const out = backend.allocate([2, 8], "f32");
    backend.rmsNorm({ x, weight, eps: 1e-6, out });
    backend.rmsNorm({ x, weight, eps: 1e-6, out: x });
    assertEquals(await backend.read(x), await backend.read(out));
    backend.free(x);
    backend.free(out);
  }
  backend.dispose();
});
