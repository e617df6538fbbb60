/** The encoder's four ops on WASM, in both builds. */
import { openEncoderBackend } from "../../runtime/encoder/open_encoder_backend.ts";
import { assertAgrees, ENCODER_OPS } from "./op_cases.ts";

for (const op of Object.keys(ENCODER_OPS) as (keyof typeof ENCODER_OPS)[]) {
  for (const variant of ["relaxed", "simd128"] as const) {
    Deno.test(`${op} agrees with the reference for every shape, on wasm-${variant}`, async () => {
      await assertAgrees(op, await openEncoderBackend({ kind: "wasm", variant }));
    });
  }
}
