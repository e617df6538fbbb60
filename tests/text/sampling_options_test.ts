import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigError } from "../../runtime/errors.ts";
import { resolveSampling, type SamplingOptions } from "../../runtime/sampling_options.ts";

Deno.test("resolveSampling fills in the defaults and draws a seed", () => {
  const { seed, ...rest } = resolveSampling();
  assert(Number.isSafeInteger(seed) && seed >= 0);
  assertEquals(rest, {
    temperature: 0.8,
    topK: 0,
    topP: 0.95,
    minP: 0,
    repetitionPenalty: 1,
    presencePenalty: 0,
    frequencyPenalty: 0,
    penaltyWindow: 64,
    logitBias: [],
    logprobs: undefined,
  });
});

Deno.test("resolveSampling keeps what it is given, and treats undefined as left out", () => {
  const given = {
    temperature: 0,
    topK: 40,
    topP: 1,
    minP: 0.1,
    repetitionPenalty: 1.2,
    presencePenalty: -2,
    frequencyPenalty: 2,
    penaltyWindow: 0,
    seed: 2 ** 53 - 1,
    logprobs: 0,
  };
  assertEquals(resolveSampling({ ...given, logitBias: { 5: -Infinity, 1: 2 } }), {
    ...given,
    logitBias: [[1, 2], [5, -Infinity]],
  });
  assertEquals(resolveSampling({ topP: undefined, seed: 1 }), resolveSampling({ seed: 1 }));
});

const BAD: Record<string, readonly unknown[]> = {
  temperature: [-1, NaN, Infinity, -Infinity, 101, 1e-9, 1e308, "1", null, true, [], {}],
  topK: [-1, 1.5, NaN, Infinity, 2 ** 31, "40", null],
  topP: [-0.1, 1.1, NaN, Infinity, "0.9", null],
  minP: [-0.1, 1.1, NaN, "0", null],
  repetitionPenalty: [0, -1, 101, NaN, Infinity, "1"],
  presencePenalty: [-101, 101, NaN, Infinity, "1"],
  frequencyPenalty: [-101, 101, NaN, -Infinity, "1"],
  penaltyWindow: [-1, 0.5, 1e9, NaN, "64"],
  seed: [-1, 0.5, 2 ** 53, NaN, Infinity, "1", null],
  logprobs: [-1, 21, 0.5, NaN, true, null],
  logitBias: [
    null,
    3,
    "x",
    [1],
    { x: 1 },
    { "-1": 1 },
    { "1.5": 1 },
    { 1: NaN },
    { 1: Infinity },
    { 1: "1" },
    { 1: 1e9 },
    { 100: 1 },
  ],
};

for (const [name, values] of Object.entries(BAD)) {
  Deno.test(`resolveSampling refuses a bad ${name}, naming it`, () => {
    for (const value of values) {
      const error = assertThrows(
        () => resolveSampling({ [name]: value } as SamplingOptions, 100),
        ConfigError,
      );
      assertStringIncludes(error.message, name);
      assert(error.remedy.length > 0);
    }
  });
}

Deno.test("resolveSampling refuses unknown options", () => {
  for (const name of ["top_p", "Temperature", "maxTokens", "constructor"]) {
    const error = assertThrows(() => resolveSampling({ [name]: 1 } as SamplingOptions), ConfigError);
    assertStringIncludes(error.message, `"${name}"`);
  }
});
