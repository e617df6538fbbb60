import { assert, assertEquals } from "@std/assert";
import { type BlockFormat, GGML_FORMATS } from "../../bench/quality/ggml_formats.ts";
import { seeded } from "../text/seeded.ts";

/** Root of the mean squared error over the numbers' own, of normal numbers in superblocks. */
function noiseOf({ blockSize, round }: BlockFormat): number {
  const random = seeded(5);
  const numbers = Float32Array.from({ length: 40 * 256 }, () => random.normal());
  const rounded = numbers.slice();
  for (let i = 0; i < rounded.length; i += blockSize) round(rounded.subarray(i, i + blockSize));
  const power = (values: Float32Array): number => values.reduce((sum, x) => sum + x * x, 0);
  return Math.sqrt(power(numbers.map((x, i) => x - rounded[i])) / power(numbers));
}

Deno.test("GGML_FORMATS round normal numbers with the noise that their bits allow", () => {
  // A uniform quantiser of so many levels over about five deviations has a noise of 5 / levels / sqrt(12).
  const most = {
    ...{ Q8_0: 0.006, Q6_K: 0.019, Q5_1: 0.044, Q5_K: 0.041, Q5_0: 0.044 },
    ...{ Q4_1: 0.09, Q4_K: 0.08, IQ4_NL: 0.085, Q4_0: 0.095 },
  } as Record<string, number>;
  for (const format of GGML_FORMATS) {
    const noise = noiseOf(format);
    assert(noise < most[format.name] && noise > most[format.name] / 2, `${format.name}: ${noise}`);
  }
});

Deno.test("GGML_FORMATS keep zeros, and blocks of one number but for its rounding", () => {
  for (const { name, blockSize, round } of GGML_FORMATS) {
    const zeros = new Float32Array(blockSize);
    round(zeros);
    assert(zeros.every((x) => x === 0), name);
    for (const number of [1, -1]) {
      const same = new Float32Array(blockSize).fill(number);
      round(same);
      assert(same.every((x) => Math.abs(x - number) < 0.07), `${name}: ${same[0]} for ${number}`);
    }
  }
});

Deno.test("GGML_FORMATS have ggml's bits per weight", () => {
  const bits = GGML_FORMATS.map(({ blockSize, blockBytes }) => 8 * blockBytes / blockSize);
  assertEquals(bits, [8.5, 6.5625, 6, 5.5, 5.5, 5, 4.5, 4.5, 4.5]);
});
