import { assert, assertEquals } from "@std/assert";
import {
  CounterRandom,
  MAX_GUMBEL,
  MAX_SEED,
  MIN_GUMBEL,
  philox4x32,
  randomSeed,
} from "../../runtime/random.ts";

function philoxHex(counter: number[], key: number[]): string[] {
  const out = new Uint32Array(4);
  philox4x32(Uint32Array.from(counter), Uint32Array.from(key), out);
  return [...out].map((word) => word.toString(16).padStart(8, "0"));
}

Deno.test("philox4x32 gives the known answers of Random123", () => {
  // kat_vectors of Random123 1.14, "philox4x32 10"
  assertEquals(philoxHex([0, 0, 0, 0], [0, 0]), ["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]);
  const ones = 0xffffffff;
  assertEquals(philoxHex([ones, ones, ones, ones], [ones, ones]), [
    "408f276d",
    "41c83b0e",
    "a20bc7c6",
    "6d5451fd",
  ]);
  const pi = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344];
  assertEquals(philoxHex(pi, [0xa4093822, 0x299f31d0]), ["d16cfe09", "94fdcceb", "5001e420", "24126ea1"]);
});

Deno.test("CounterRandom gives the same number for the same seed, step and index in any order", () => {
  const forwards = new CounterRandom(7), backwards = new CounterRandom(7);
  const want: number[] = [];
  for (let i = 0; i < 300; i++) want.push(forwards.bits(i % 7, i));
  for (let i = 299; i >= 0; i--) assertEquals(backwards.bits(i % 7, i), want[i]);
});

Deno.test("CounterRandom takes its bits from lane index % 4 of block floor(index / 4)", () => {
  const seed = 5 * 2 ** 32 + 9;
  const random = new CounterRandom(seed), out = new Uint32Array(4);
  philox4x32(Uint32Array.of(25, 3, 0, 0), Uint32Array.of(9, 5), out);
  assertEquals([100, 101, 102, 103].map((index) => random.bits(3, index)), [...out]);
});

Deno.test("CounterRandom uses all 53 bits of the seed", () => {
  const first = [0, 1, 2 ** 32, MAX_SEED].map((seed) => new CounterRandom(seed).bits(0, 0));
  assertEquals(new Set(first).size, 4);
});

Deno.test("CounterRandom.uniform is an odd multiple of 2^-24, exact in f32, with mean 1/2 and variance 1/12", () => {
  const random = new CounterRandom(11);
  let sum = 0, squares = 0;
  const count = 100_000;
  for (let index = 0; index < count; index++) {
    const u = random.uniform(1, index);
    assertEquals((u * 2 ** 24) % 2, 1);
    assert(u > 0 && u < 1 && Math.fround(u) === u && Math.fround(1 - u) === 1 - u);
    sum += u;
    squares += (u - 0.5) ** 2;
  }
  assert(Math.abs(sum / count - 0.5) < 4 * Math.sqrt(1 / 12 / count));
  assert(Math.abs(squares / count - 1 / 12) < 4 * Math.sqrt(1 / 180 / count));
});

Deno.test("CounterRandom.gumbel stays in its bounds, below gumbelBound, with mean 0.5772 and variance pi^2/6", () => {
  const random = new CounterRandom(12);
  let sum = 0, squares = 0;
  const count = 100_000;
  for (let index = 0; index < count; index++) {
    const g = random.gumbel(2, index);
    assert(g >= MIN_GUMBEL && g <= MAX_GUMBEL && g <= random.gumbelBound(2, index));
    sum += g;
    squares += g * g;
  }
  const mean = sum / count;
  assert(Math.abs(mean - 0.5772156649) < 0.02);
  assert(Math.abs(squares / count - mean * mean - Math.PI ** 2 / 6) < 0.06);
});

Deno.test("MAX_GUMBEL and MIN_GUMBEL belong to the largest and smallest uniform number", () => {
  assertEquals(MAX_GUMBEL, -Math.log(-Math.log(1 - 2 ** -24)));
  assert(Math.abs(MIN_GUMBEL + Math.log(-Math.log(2 ** -24))) < 1e-15);
});

Deno.test("randomSeed draws safe integers that differ", () => {
  const seeds = Array.from({ length: 50 }, randomSeed);
  assert(seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0));
  assertEquals(new Set(seeds).size, 50);
  assert(seeds.some((seed) => seed > 2 ** 32));
});
