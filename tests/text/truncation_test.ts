import { assertEquals } from "@std/assert";
import { resolveSampling } from "../../runtime/sampling_options.ts";
import { Truncation } from "../../runtime/truncation.ts";
import { type Seeded, seeded } from "./seeded.ts";
import { keptByOracle } from "./truncation_oracle.ts";

function randomScaledLogits(draw: Seeded): Float32Array {
  const spread = draw.of([0, 0.5, 2, 8, 30]), step = draw.of([0, 0, 0.5, 1]);
  return Float32Array.from({ length: 1 + draw.integer(draw.of([5, 60, 600])) }, () => {
    const value = spread * draw.normal();
    return draw.number() < 0.02 ? -Infinity : step > 0 ? step * Math.round(value / step) : value;
  });
}

Deno.test("Truncation.threshold keeps what an oracle keeps that sorts all, from any floor up", () => {
  const draw = seeded(1), truncation = new Truncation(600);
  for (let round = 0; round < 8000; round++) {
    const z = randomScaledLogits(draw), max = z.reduce((a, b) => Math.max(a, b));
    if (max === -Infinity) continue;
    const options = resolveSampling({
      topK: draw.of([0, 0, 1, 2, 3, 10, 50, 599, 600, 9999]),
      topP: draw.of([0, 0.05, 0.3, 0.5, 0.8, 0.95, 0.99, 0.9999, 1]),
      minP: draw.of([0, 0, 0.001, 0.1, 0.5, 1]),
    });
    const floor = max - draw.of([0, 0.1, 1, 3, 10, 19, 100]);
    const threshold = truncation.threshold(z, max, floor, options);
    const kept = keptByOracle([...z], options);
    const want = [...z.keys()].filter((id) => kept.has(id) && z[id] >= floor);
    const got = [...z.keys()].filter((id) => z[id] >= threshold && z[id] >= floor);
    const { topK, topP, minP } = options;
    assertEquals(got, want, JSON.stringify({ round, topK, topP, minP, max, floor, threshold }));
  }
});
