/** @file The option `deterministic`: the same bits from both builds and with any number of threads. */
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { loadModel, type LoadOptions } from "../../mod.ts";
import { ConfigError } from "../../runtime/errors.ts";
import type { WeightDtype } from "../../runtime/tensor.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const IDS = Array.from({ length: 70 }, (_, i) => 3 + (i * 17) % 50);

/** Bits of the logits after a prompt, which passes in chunks, and after single tokens behind it. */
async function bits(fixture: string | null, options: LoadOptions): Promise<Uint32Array> {
  const source = fixture === null ? undefined : new URL(fixture, FIXTURES);
  await using model = await loadModel(source, { chunkSize: 32, ...options });
  const logits = await model.logits(IDS, { steps: IDS.slice(0, 20) });
  assert(logits.every(Number.isFinite));
  return new Uint32Array(logits.buffer, logits.byteOffset, logits.length);
}

const CASES: readonly (readonly [string | null, WeightDtype])[] = [
  ["tiny-quant", "q8_0"],
  ["tiny-quant", "iq4_nl"],
  ["tiny-quant", "q4_0"],
  ["tiny-triple", "f32"],
  ["tiny-bf16", "bf16"],
  [null, "q8_0"],
];

for (const [fixture, quantization] of CASES) {
  const name = `${fixture ?? "the default model"} in ${quantization}`;
  Deno.test(`loadModel with deterministic gives ${name} the same bits in both builds, on one thread and three`, async () => {
    const of = (variant: "relaxed" | "simd128", threads: number): Promise<Uint32Array> =>
      bits(fixture, {
        ...{ backend: { kind: "wasm", variant, leastWork: 0 }, threads, quantization },
        deterministic: true,
      });
    const plain = await of("simd128", 1);
    assertEquals(await of("relaxed", 1), plain);
    assertEquals(await of("relaxed", 3), plain);
  });
}

Deno.test("loadModel without deterministic lets the relaxed build round once, where this engine does", async () => {
  const backend = { kind: "wasm", variant: "relaxed" } as const;
  const free = await bits("tiny-triple", { backend, threads: 1, quantization: "f32" });
  const fixed = await bits("tiny-triple", { backend, threads: 1, quantization: "f32", deterministic: true });
  // Engines may round twice; V8 on a processor with fused multiplication does not, and then the test above can fail.
  if (Deno.build.arch === "x86_64" || Deno.build.arch === "aarch64") assertNotEquals(free, fixed);
});

Deno.test("loadModel refuses deterministic on backends that cannot be so", async () => {
  for (const backend of ["webgpu", "reference"] as const) {
    await assertRejects(
      () => loadModel(undefined, { backend, deterministic: true }),
      ConfigError,
      "deterministic",
    );
  }
});
