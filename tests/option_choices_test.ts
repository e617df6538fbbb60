import { assert, assertRejects } from "@std/assert";
import { ConfigError, loadModel, type LoadOptions } from "../mod.ts";

Deno.test("loadModel refuses words that an option does not have, and lists those that it has", async () => {
  const cases = [
    ["quantization", '"f32", "f16", "bf16", "q8_0", "iq4_nl", "q4_0"'],
    ["activations", '"q16", "q8"'],
    ["kvDtype", '"f32", "f16"'],
    ["windowRule", '"release", "decode"'],
  ] as const;
  for (const [name, choices] of cases) {
    for (const value of ["q3", "", null, 4]) {
      const options = { [name]: value } as unknown as LoadOptions;
      const error = await assertRejects(() => loadModel(undefined, options), ConfigError);
      const expected = `Cannot use option "${name}": it is ${
        JSON.stringify(value)
      }, expected one of ${choices}`;
      assert(error.message === expected, error.message);
    }
  }
});
