/** @file What only the WebAssembly backend has: two builds, several instances, a memory that grows, and errors with a type. */
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { openWasmBackend, type WasmBackend } from "../../runtime/backends/wasm.ts";
import { LinearMemory } from "../../runtime/backends/wasm/memory.ts";
import { openKernels } from "../../runtime/backends/wasm/open_kernels.ts";
import { selfTest } from "../../runtime/backends/wasm/self_test.ts";
import { BackendUnavailableError, KernelError, WeightsError } from "../../runtime/errors.ts";
import { quantize } from "../../runtime/formats/quantize.ts";
import { wasmBytes as relaxedBytes } from "../../wasm/pkg/relaxed.ts";
import { wasmBytes as simd128Bytes } from "../../wasm/pkg/simd128.ts";
import { Bench } from "./bench.ts";
import { ATTENTION_CASES } from "./cases/attention.ts";
import { PRODUCT_CASES } from "./cases/products.ts";
import { NORM_CASES } from "./cases/norms.ts";
import { SSM_CASES } from "./cases/ssm.ts";
import { QUANTIZED_DTYPES } from "../../runtime/tensor.ts";

/** A norm of some numbers: whether the backend works. */
async function normOfOnes(backend: WasmBackend): Promise<number[]> {
  const bench = new Bench(backend, 1, "packed");
  const x = bench.matrix("x", [1, 5], new Float32Array(5).fill(3));
  backend.rmsNorm({ x, weight: bench.plain([5], new Float32Array(5).fill(2)), eps: 0, out: x });
  return [...(await bench.finish())[0].values];
}

Deno.test("openWasmBackend takes the relaxed build where it passes, and says so", async () => {
  const backend = await openWasmBackend();
  assertEquals([backend.simd, backend.reason], ["relaxed", "relaxed SIMD passed its self-test"]);
  backend.dispose();
});

Deno.test("openWasmBackend falls back to plain SIMD where relaxed SIMD does not compile, and says why", async () => {
  const { compile } = WebAssembly;
  const refused = relaxedBytes().length;
  // An engine without relaxed SIMD.
  WebAssembly.compile = (bytes) =>
    bytes.byteLength === refused
      ? Promise.reject(new WebAssembly.CompileError("invalid opcode"))
      : compile(bytes);
  try {
    const backend = await openWasmBackend();
    assertEquals(backend.simd, "simd128");
    assert(backend.reason.includes("invalid opcode"), backend.reason);
    assertEquals(await normOfOnes(backend), new Array(5).fill(2));
    backend.dispose();
    await assertRejects(
      () => openWasmBackend({ variant: "relaxed" }),
      BackendUnavailableError,
      "invalid opcode",
    );
  } finally {
    WebAssembly.compile = compile;
  }
});

Deno.test("openWasmBackend falls back where the engine has no relaxed SIMD, or computes it wrong", async () => {
  const { validate, instantiate } = WebAssembly;
  const instance = { exports: { "": () => 120 } };
  const engines = {
    "has no relaxed SIMD": () => WebAssembly.validate = () => false,
    "computes 4 * 3 * 5 + 1 as 120": () => {
      // As Node 20 does; modules of more bytes, already compiled, are instantiated as ever.
      const wrong = (source: BufferSource | WebAssembly.Module, imports?: WebAssembly.Imports): unknown =>
        source instanceof WebAssembly.Module ? instantiate(source, imports) : Promise.resolve({ instance });
      WebAssembly.instantiate = wrong as typeof instantiate;
    },
  };
  for (const [fault, pretend] of Object.entries(engines)) {
    pretend();
    try {
      const backend = await openWasmBackend();
      assertEquals(backend.simd, "simd128");
      assert(backend.reason.includes(fault), backend.reason);
      backend.dispose();
      await assertRejects(() => openWasmBackend({ variant: "relaxed" }), BackendUnavailableError, fault);
    } finally {
      Object.assign(WebAssembly, { validate, instantiate });
    }
  }
});

Deno.test("openWasmBackend takes a compiled module of either build", async () => {
  for (const [simd, bytes] of [["relaxed", relaxedBytes()], ["simd128", simd128Bytes()]] as const) {
    const module = await WebAssembly.compile(bytes);
    const backend = await openWasmBackend({ module });
    assertEquals(backend.simd, simd);
    assertEquals(await normOfOnes(backend), new Array(5).fill(2));
    backend.dispose();
    const variant = simd === "relaxed" ? "simd128" : "relaxed";
    await assertRejects(() => openWasmBackend({ module, variant }), BackendUnavailableError, variant);
  }
});

Deno.test("openWasmBackend refuses a module that is something else", async () => {
  const empty = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
  await assertRejects(() => openWasmBackend({ module: empty }), BackendUnavailableError, "Cannot start");
});

Deno.test("selfTest names what an engine computes wrong", async () => {
  const { kernels } = await openKernels({ variant: "relaxed" });
  assertEquals(selfTest(kernels), null);
  const nothing = (): void => {};
  assertEquals(selfTest({ ...kernels, probe_dot: () => 0 }), "its 8-bit dot product is wrong");
  assertEquals(selfTest({ ...kernels, linear: nothing }), "a product with f32 weights is wrong");
  assertEquals(
    selfTest({ ...kernels, quantize_activations: nothing }),
    "a product with q8_0 weights is wrong",
  );
  assertEquals(selfTest({ ...kernels, rms_norm: nothing }), "rms_norm is wrong");
  assertEquals(selfTest({ ...kernels, ssm_conv: nothing }), "ssm_conv is wrong");
});

Deno.test("WasmBackend instances share nothing", async () => {
  const [one, two] = await Promise.all([openWasmBackend(), openWasmBackend()]);
  const tensor = one.allocate([3], "f32");
  one.restore(tensor, new Uint8Array(Float32Array.of(1, 2, 3).buffer));
  const other = two.allocate([3], "f32");
  assertEquals([...await two.read(other)], [0, 0, 0]);
  two.dispose();
  assertEquals([...await one.read(tensor)], [1, 2, 3]);
  one.dispose();
});

Deno.test("WasmBackend keeps its tensors when the memory grows", async () => {
  const backend = await openWasmBackend();
  const tensor = backend.allocate([2, 2], "f32");
  backend.restore(tensor, new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer));
  const large = backend.allocate([1 << 22], "f32");
  backend.copy(tensor, { ...large, shape: [2, 2], stride: 2, offset: (1 << 22) - 4 });
  assertEquals([...await backend.read(tensor)], [1, 2, 3, 4]);
  assertEquals([...await backend.read({ ...large, shape: [5], offset: (1 << 22) - 5 })], [0, 1, 2, 3, 4]);
  backend.dispose();
});

Deno.test("WasmBackend.memoryBytes is what its tensors and weights take", async () => {
  const backend = await openWasmBackend();
  const before = backend.memoryBytes;
  const tensor = backend.allocate([10, 10], "f16");
  assertEquals(backend.memoryBytes - before, 200);
  const weight = backend.upload("plain", "f32", [10], quantize("f32", new Float32Array(10)));
  assertEquals([weight.byteLength, backend.memoryBytes - before], [40, 240]);
  backend.free(tensor);
  backend.release(weight);
  assertEquals(backend.memoryBytes, before);
  const matrix = backend.upload("matrix", "q8_0", [40, 64], quantize("q8_0", new Float32Array(40 * 64)));
  assert(matrix.byteLength >= 40 * 64 && matrix.byteLength < 40 * 64 * 1.3, `${matrix.byteLength} bytes`);
  const staged = backend.memoryBytes - matrix.byteLength;
  backend.release(matrix);
  assertEquals(backend.memoryBytes, staged);
  backend.dispose();
});

Deno.test("WasmBackend refuses to use what was freed", async () => {
  const backend = await openWasmBackend();
  const [tensor, kept] = [backend.allocate([4], "f32"), backend.allocate([4], "f32")];
  const weight = backend.upload("plain", "f32", [4], quantize("f32", new Float32Array(4)));
  const matrix = backend.upload("matrix", "f32", [4, 4], quantize("f32", new Float32Array(16)));
  backend.free(tensor);
  assertThrows(() => backend.free(tensor), KernelError, "was freed");
  assertThrows(() => backend.copy(tensor, kept), KernelError, "was freed");
  await assertRejects(() => backend.read({ ...tensor, shape: [2], offset: 1 }), KernelError, "was freed");
  backend.release(weight);
  assertThrows(() => backend.rmsNorm({ x: kept, weight, eps: 0, out: kept }), KernelError, "was freed");
  backend.release(matrix);
  assertThrows(() => backend.linear({ x: kept, weight: matrix, out: kept }), KernelError, "was freed");
  assertThrows(() => backend.release(matrix), KernelError, "was freed");
  backend.dispose();
  await assertRejects(() => backend.read(kept), KernelError, "was freed");
  assertThrows(() => backend.allocate([4], "f32"), KernelError, "was disposed of");
});

Deno.test("WasmBackend says when its memory is not enough, and goes on", async () => {
  const backend = await openWasmBackend();
  const error = assertThrows(
    () => backend.allocate([3, 1 << 30], "f32"),
    KernelError,
    "tensor of shape [3, 1073741824]",
  );
  assertInstanceOf(error, KernelError);
  assert(error.remedy.includes("smaller"), error.remedy);
  assertThrows(
    () => backend.upload("matrix", "f32", [1 << 20, 1 << 20], new Uint8Array(0)),
    KernelError,
    "4 GiB",
  );
  assertEquals(await normOfOnes(backend), new Array(5).fill(2));
  backend.dispose();
  const { kernels } = await openKernels();
  const full = new LinearMemory({ ...kernels, allocate: () => 0 });
  assertThrows(() => full.allocate("cache", 64), KernelError, "Cannot allocate cache");
});

Deno.test("WasmBackend.upload refuses a block whose scale is no number", async () => {
  const backend = await openWasmBackend();
  for (const dtype of QUANTIZED_DTYPES) {
    const bytes = quantize(dtype, new Float32Array(64).fill(1));
    bytes.set([0x00, 0x7c], 0);
    assertThrows(() => backend.upload("matrix", dtype, [2, 32], bytes), WeightsError, dtype);
  }
  assertEquals(await normOfOnes(backend), new Array(5).fill(2));
  backend.dispose();
});

Deno.test("WasmBackend that is deterministic gives the same bits in both builds for every op", async () => {
  const builds = await Promise.all([
    openWasmBackend({ variant: "relaxed", deterministic: true }),
    openWasmBackend({ variant: "simd128", deterministic: true }),
  ]);
  for (const each of [...PRODUCT_CASES, ...NORM_CASES, ...SSM_CASES, ...ATTENTION_CASES]) {
    const [relaxed, plain] = await Promise.all(builds.map(async (backend) => {
      const bench = new Bench(backend, 7, "strided");
      each.run(bench);
      return (await bench.finish()).map(({ values }) => values);
    }));
    assertEquals(relaxed, plain, `${each.op} ${each.shape}`);
  }
  builds.forEach((backend) => backend.dispose());
});
