import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../runtime/errors.ts";
import { parseStrictJson } from "../../runtime/formats/strict_json.ts";

const parse = (text: string): unknown =>
  parseStrictJson(
    new TextEncoder().encode(text),
    (problem) => new ConfigError(`Cannot read x: ${problem}`, "fix it"),
  );

Deno.test("parseStrictJson gives what JSON.parse gives", () => {
  for (
    const text of [
      '{"a":{"a":{"a":[{"a":1},{"a":2}]}},"b":"\\"a\\":","c":"}{"}',
      '[{"a":1},{"a":2}]',
      '{"a\\\\":1,"a":2}',
      '"text"',
      "12",
    ]
  ) assertEquals(parse(text), JSON.parse(text));
});

Deno.test("parseStrictJson refuses a key that an object has twice, however it is spelt", () => {
  for (
    const text of [
      '{"a":1,"a":1}',
      '[{"b":{"a":1,"c":{},"\\u0061"\n :1}}]',
      '{"":1,"":2}',
      '{"\\"":{},"\\u0022":1}',
    ]
  ) {
    assertThrows(() => parse(text), ConfigError, "twice");
  }
});

Deno.test("parseStrictJson refuses what is not JSON, not UTF-8 or nested too deep", () => {
  for (const text of ["", "{", '{"a":NaN}', "[1,]", '"', '{"a\\', "[".repeat(100), "}".repeat(1e6)]) {
    assertThrows(() => parse(text), ConfigError, "not valid JSON");
  }
  for (const text of ["[".repeat(1e6), '{"a":'.repeat(1e5), "[".repeat(101) + "]".repeat(101)]) {
    assertThrows(() => parse(text), ConfigError, "nested deeper than 100 levels");
  }
  const deepest = '["[[[["'.concat(",", "[".repeat(99), "]".repeat(100));
  assertEquals(parse(deepest), JSON.parse(deepest));
  const fail = (problem: string): ConfigError => new ConfigError(problem, "");
  assertThrows(() => parseStrictJson(Uint8Array.of(0x22, 0xc0, 0x22), fail), ConfigError, "UTF-8");
});
