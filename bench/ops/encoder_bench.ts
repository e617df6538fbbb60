/** @file The encoder at its default size: a sequence of 60 steps, one more step of a stream, and the same with meta states. */
import { HymbaEncoder } from "../../mod.ts";

const LENGTH = 60;
const EMBED_DIM = 287;

const x = Float32Array.from({ length: LENGTH * EMBED_DIM }, (_, i) => Math.sin(i));

for (const metaPropagation of [false, true]) {
  for (const backend of ["wasm", "reference"] as const) {
    const encoder = HymbaEncoder.build({ embedDim: EMBED_DIM, metaPropagation });
    await encoder.initializeWeights({ backend });
    const group = `encoder${metaPropagation ? ", metaPropagation" : ""}`;
    Deno.bench(`${group}: encode [1, 60, 287], ${backend}`, { group, n: 5 }, async () => {
      await encoder.encode(x, [1, LENGTH, EMBED_DIM]);
    });
    const stream = encoder.createStream({ maxLength: 1000 });
    await stream.step(x);
    Deno.bench(`${group}: step after 60, ${backend}`, { group, n: 20 }, async () => {
      await stream.step(x.subarray(0, EMBED_DIM));
    });
  }
}
