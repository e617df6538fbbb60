/** @file exp and power without the engine's own. */
import { assert, assertEquals } from "@std/assert";
import { exp, power } from "../../runtime/portable_math.ts";

Deno.test("exp and power agree with the engine's to some units of float64's last place", () => {
  for (let x = -707.5; x < 709; x += 0.371) {
    const expected = Math.exp(x);
    assert(Math.abs(exp(x) - expected) <= 1e-15 * expected, `exp(${x}): ${exp(x)}, expected ${expected}`);
  }
  for (const base of [1e-3, 0.5, 1, 2, 7.3, 10_000, 5e5]) {
    for (let exponent = -2; exponent <= 2; exponent += 0.0625) {
      const expected = base ** exponent;
      const got = power(base, exponent);
      assert(
        Math.abs(got - expected) <= 1e-14 * expected,
        `${base}^${exponent}: ${got}, expected ${expected}`,
      );
    }
  }
});

Deno.test("exp keeps its limits", () => {
  assertEquals([exp(0), exp(-Infinity), exp(Infinity), exp(NaN)], [1, 0, Infinity, NaN]);
  assertEquals(power(3, 0), 1);
});
