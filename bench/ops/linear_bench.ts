/**
 * @file How fast `linear` of the WebAssembly backend is, for each storage type: bytes of weights read in a second with one
 * row of activations, products in a second with 64. `deno bench --allow-read bench/ops/linear_bench.ts`; the rates follow
 * Deno's own table. Weights are the same every time, so 2048 x 2048 in q8_0 lies in a second-level or third-level cache.
 */
import { openWasmBackend, type WasmBackend } from "../../runtime/backends/wasm.ts";
import { quantize } from "../../runtime/formats/quantize.ts";
import { WEIGHT_DTYPES, type WeightDtype } from "../../runtime/tensor.ts";

/** Rows and columns of the weights. */
const SHAPES = [[2048, 2048], [256, 1024]] as const;

/** Shortest time of each bench, in milliseconds a call, and what a call does. */
interface Measured {
  readonly name: string;
  readonly bytes: number;
  readonly products: number;
  milliseconds: number;
}

/** Numbers around 0, the same every time; their kind does not matter for time. */
function numbers(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i * i));
}

function addBench(
  backend: WasmBackend,
  dtype: WeightDtype,
  [n, k]: readonly [number, number],
  l: number,
): Measured {
  const weight = backend.upload("matrix", dtype, [n, k], quantize(dtype, numbers(n * k)));
  const [x, out] = [backend.allocate([l, k], "f32"), backend.allocate([l, n], "f32")];
  backend.restore(x, new Uint8Array(numbers(l * k).buffer));
  const name = `linear ${dtype} ${n} x ${k}, l = ${l}`;
  const measured = { name, bytes: weight.byteLength, products: l * n * k, milliseconds: Infinity };
  Deno.bench({
    name,
    group: `${n} x ${k}, l = ${l}`,
    fn: () => {
      const start = performance.now();
      backend.linear({ x, weight, out });
      measured.milliseconds = Math.min(measured.milliseconds, performance.now() - start);
    },
  });
  return measured;
}

function print(all: readonly Measured[]): void {
  console.log("\nbest call, in 10^9 a second:   weight bytes   products");
  for (const { name, bytes, products, milliseconds } of all) {
    if (milliseconds === Infinity) continue;
    const rate = (amount: number): string => (amount / milliseconds / 1e6).toFixed(1).padStart(9);
    console.log(`${name.padEnd(34)} ${rate(bytes)}  ${rate(products)}`);
  }
}

const backend = await openWasmBackend();
const benches = SHAPES.flatMap((shape) =>
  [1, 64].flatMap((l) => WEIGHT_DTYPES.map((dtype) => addBench(backend, dtype, shape, l)))
);
globalThis.addEventListener("unload", () => print(benches));
