/** @file The scalar twin: the kernels' crate with arrays for vectors (wasm/src/simd/scalar), built without SIMD for a measurement. */
import { BASE_FEATURES, buildVariant, hasToolchain, installToolchain } from "../../scripts/wasm_variant.ts";

/** The twin, compiled now; null where the toolchain of `deno task build:wasm` was never installed. */
export async function buildScalarTwin(): Promise<WebAssembly.Module | null> {
  if (!await hasToolchain()) return null;
  await installToolchain("scalar");
  const work = await Deno.makeTempDir();
  try {
    const summary = "without SIMD, to compare with";
    await buildVariant({ name: "scalar", features: BASE_FEATURES, kind: "scalar", summary }, work);
    return await WebAssembly.compile(await Deno.readFile(`${work}/scalar/kernels_bg.wasm`));
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}
