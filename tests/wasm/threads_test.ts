/** @file Threads of the WASM backend: the same bits as on one, nothing left behind, and one thread where there can be no more. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { loadModel, type LoadOptions } from "../../mod.ts";
import { openWasmBackend } from "../../runtime/backends/wasm.ts";
import { compileKernels } from "../../runtime/backends/wasm/compile_kernels.ts";
import { type Helper, type HelperKind, startHelper } from "../../runtime/backends/wasm/helper.ts";
import { mostForTokens } from "../../runtime/backends/wasm/thread_count.ts";
import { ThreadPool } from "../../runtime/backends/wasm/thread_pool.ts";
import { openShared } from "../../runtime/backends/wasm/threads.ts";
import type { WasmExports } from "../../wasm/pkg/exports.ts";
import { ConfigError } from "../../runtime/errors.ts";
import { QUANTIZED_DTYPES } from "../../runtime/tensor.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const IDS = Array.from({ length: 90 }, (_, i) => 3 + (i * 17) % 50);

/** Shares every op, however small. */
const SHARED = { kind: "wasm", leastWork: 0 } as const;

/** Logits after a prompt, which passes as a whole, and after single tokens behind it. */
async function logits(source: URL | undefined, options: LoadOptions): Promise<Float32Array> {
  await using model = await loadModel(source, options);
  assertEquals(model.backend.threads, options.threads, model.backend.reason);
  return await model.logits(IDS, { steps: IDS.slice(0, 12) });
}

for (const name of ["tiny-pair", "tiny-triple", "tiny-bf16", "tiny-quant", null]) {
  Deno.test("mostForTokens gives tokens all of few cores, and half of many", () => {
    assertEquals([1, 2, 4, 6, 8, 16].map(mostForTokens), [1, 2, 4, 4, 4, 8]);
  });

  Deno.test(`loadModel of ${name ?? "the default model"} gives the same bits on one thread, two and four`, async () => {
    const source = name === null ? undefined : new URL(name, FIXTURES);
    for (const variant of ["relaxed", "simd128"] as const) {
      for (const quantization of name === "tiny-quant" ? QUANTIZED_DTYPES : [undefined]) {
        const one = await logits(source, { backend: { kind: "wasm", variant }, threads: 1, quantization });
        for (const threads of [2, 4]) {
          const backend = { ...SHARED, variant };
          assertEquals(
            await logits(source, { backend, threads, quantization }),
            one,
            `${variant} ${threads}`,
          );
        }
      }
    }
  });
}

Deno.test("loadModel measures from which size of op on threads pay, and says how many there are", async () => {
  await using model = await loadModel(undefined, { threads: 2 });
  assertEquals(model.backend.threads, 2);
  assert(/2 threads, [\d.]+ times as fast as one in a test/.test(model.backend.reason), model.backend.reason);
  const backend = await openWasmBackend({ threads: "auto" });
  assert(backend.threads >= 1 && backend.threads <= navigator.hardwareConcurrency, backend.reason);
  backend.dispose();
  await using small = await loadModel();
  assertEquals(small.backend.threads, 1, "the default model is too small to gain");
});

Deno.test("ThreadPool lets as many threads help with a prompt as pay there, and fewer with a token", () => {
  const configured: [number, number][] = [];
  const ended: number[] = [];
  const kernels = { pool_configure: (helpers: number, least: number) => configured.push([helpers, least]) };
  const helpers = [0, 1, 2, 3].map((index) => ({ terminate: () => void ended.push(index) }));
  const pool = new ThreadPool(kernels as unknown as WasmExports, helpers, { leastWork: 7, isFixed: false });
  pool.use({
    decode: { threads: 2, leastWork: 100, speedup: 1.5 },
    prompt: { threads: 4, leastWork: 300, speedup: 3.25 },
  });
  for (const rows of [1, 64, 64, 33, 2, 1]) pool.beginPass(rows);
  assertEquals(configured, [[4, 7], [1, 100], [3, 300], [1, 100]]);
  assertEquals([pool.threads, ended], [2, [3]]);
  assertEquals(
    pool.reason,
    "2 threads, 1.50 times as fast as one in a test; for prompts 4, 3.25 times as fast as one in a test",
  );
});

Deno.test("WasmBackend.settleThreads measures on the weights that are there, and changes no bit", async () => {
  const bytes = Uint8Array.from(
    { length: 96 * 128 / 32 * 34 },
    (_, i) => i % 34 === 1 ? 0x20 : (i * 37) % 251,
  );
  const product = async (threads: 1 | "auto"): Promise<Float32Array> => {
    const backend = await openWasmBackend({ threads });
    const weight = backend.upload("matrix", "q8_0", [96, 128], bytes);
    const held = backend.memoryBytes;
    backend.settleThreads();
    assertEquals(backend.memoryBytes, held, "the measurement left nothing behind");
    const [x, out] = [backend.allocate([20, 128], "f32"), backend.allocate([20, 96], "f32")];
    backend.restore(x, new Uint8Array(Float32Array.from({ length: 2560 }, (_, i) => Math.sin(i)).buffer));
    backend.linear({ x, weight, out });
    const result = await backend.read(out);
    backend.dispose();
    return result;
  };
  assertEquals(await product("auto"), await product(1));
});

Deno.test("loadModel refuses numbers of threads that are none", async () => {
  for (const threads of [0, -1, 1.5, NaN, 33]) {
    await assertRejects(() => loadModel(undefined, { threads }), ConfigError, "threads");
  }
});

/** Runs `body` with properties of the global object replaced. */
async function pretending(values: Record<string, unknown>, body: () => Promise<void>): Promise<void> {
  const before = Object.keys(values).map((name) =>
    [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const
  );
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  try {
    await body();
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else delete (globalThis as Record<string, unknown>)[name];
    }
  }
}

Deno.test("openWasmBackend computes on one thread where there can be no more, and says why", async () => {
  class Refused {
    constructor() {
      throw new TypeError("blocked by policy");
    }
  }
  class Silent {
    onerror: ((event: Event) => void) | null = null;
    constructor() {
      queueMicrotask(() => this.onerror?.(new Event("error")));
    }
    postMessage(): void {}
  }
  const noNode = { process: undefined };
  const places: Record<string, Record<string, unknown>> = {
    "the page is not cross-origin isolated": { crossOriginIsolated: false },
    "there is no SharedArrayBuffer here": { SharedArrayBuffer: undefined },
    "there are no workers here": { ...noNode, Worker: undefined },
    "the machine has one core": { navigator: { hardwareConcurrency: 1 } },
    "threads cannot start: blocked by policy": { ...noNode, Worker: Refused },
    "threads cannot start: the worker's script is refused": { ...noNode, Worker: Silent },
  };
  for (const [why, values] of Object.entries(places)) {
    await pretending(values, async () => {
      const backend = await openWasmBackend({ threads: why.includes("core") ? "auto" : 2 });
      assertEquals(backend.threads, 1);
      assert(backend.reason.endsWith(`one thread, because ${why}`), backend.reason);
      backend.dispose();
    });
  }
});

Deno.test("loadModel with one thread touches neither workers nor shared memory", async () => {
  await pretending({ process: undefined, Worker: undefined, SharedArrayBuffer: undefined }, async () => {
    await using model = await loadModel(new URL("tiny-bf16", FIXTURES), { threads: 1 });
    assertEquals((await model.logits(IDS)).length, IDS.length * model.config.vocabSize);
  });
});

for (const kind of ["node", "web"] as const satisfies readonly HelperKind[]) {
  Deno.test(`startHelper starts a ${kind} thread that shares ops`, async () => {
    const module = await compileKernels("relaxed", true);
    const { kernels, memory } = await openShared(module);
    const helpers: Helper[] = [];
    for (const index of [0, 1]) helpers.push(await startHelper(kind, { module, memory, index }));
    kernels.pool_configure(2, 0);
    const out = kernels.allocate(64 * 1000);
    new Float32Array(memory.buffer, out, 16_000).fill(1);
    const weight = kernels.allocate(64);
    new Float32Array(memory.buffer, weight, 16).fill(3);
    for (let i = 0; i < 50; i++) kernels.rms_norm(out, 16, weight, 0, out, 16, 1000, 16);
    assertEquals(new Set(new Float32Array(memory.buffer, out, 16_000)), new Set([3]));
    kernels.pool_stop();
    helpers.forEach((helper) => helper.terminate());
  });
}

Deno.test("WasmBackend.dispose leaves no thread behind", async () => {
  const worker = process.getBuiltinModule("node:worker_threads");
  const running = new Set<unknown>();
  class Watched extends worker.Worker {
    constructor(...args: ConstructorParameters<typeof worker.Worker>) {
      super(...args);
      running.add(this);
      this.on("exit", () => running.delete(this));
    }
  }
  const getBuiltinModule = (): unknown => ({ ...worker, Worker: Watched });
  await pretending({ process: { getBuiltinModule } }, async () => {
    const backend = await openWasmBackend({ threads: 3, leastWork: 0 });
    assertEquals(running.size, 2);
    backend.dispose();
    const measured = await openWasmBackend({ threads: "auto" });
    measured.dispose();
    while (running.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

Deno.test("loadModel with threads lets a process end that forgets the model", async () => {
  const code = `import { loadModel } from "${new URL("../../mod.ts", import.meta.url)}";
    const model = await loadModel(undefined, { threads: 2 });
    console.log(model.backend.threads);`;
  const args = ["run", "--no-check", "--no-prompt", "--ext=ts", "-"];
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { success, stdout } = await child.output();
  assertEquals([success, new TextDecoder().decode(stdout)], [true, "2\n"]);
});
