import { assertEquals } from "@std/assert";
import {
  freeObjectGrammar,
  integerGrammar,
  stringGrammar,
  valueGrammar,
} from "../../../server/constraint/json_grammar.ts";
import { accepts, randomText, seeded } from "./walk.ts";

const VALUES = [
  ...["null", "true", "false", "0", "-0", "-12", "3.25", "1e9", "1E-07", "123456789012345"],
  ...['""', '"a"', '"\\n\\u00e9\\ud7ff"', '"é€😀"', "[]", "{}", "[ 1, 2]", '{"a": [{"b":\n  null}]}'],
];

for (const text of VALUES) {
  Deno.test(`valueGrammar accepts ${text}, as JSON.parse does`, () => {
    JSON.parse(text);
    assertEquals(accepts(valueGrammar(), text), true);
  });
}

const NO_VALUES = [
  ...["", "nul", "True", "01", "+1", "1.", ".5", "1e", "--1", "1234567890123456", "NaN", "1e400"],
  ...[
    '"',
    '"\n"',
    '"\\x"',
    '"\\u12"',
    '"\\ud800"',
    "[1,]",
    "[,1]",
    "{,}",
    '{"a"}',
    "{a:1}",
    '{"a":1,}',
    "[1]]",
  ],
];

for (const text of NO_VALUES) {
  Deno.test(`valueGrammar refuses ${JSON.stringify(text)}`, () =>
    assertEquals(accepts(valueGrammar(), text), false));
}

Deno.test("valueGrammar leads to texts that JSON.parse reads, whatever bytes are taken", () => {
  const random = seeded(7);
  let whole = 0;
  for (let i = 0; i < 300; i++) {
    const text = randomText(valueGrammar(), random);
    if (text === null) continue;
    whole++;
    JSON.parse(text);
  }
  assertEquals(whole > 200, true);
});

Deno.test("freeObjectGrammar takes objects only", () => {
  assertEquals(accepts(freeObjectGrammar(), '{"a":1,"b":[]}'), true);
  assertEquals(accepts(freeObjectGrammar(), "[]"), false);
});

Deno.test("stringGrammar counts characters, not bytes", () => {
  const grammar = stringGrammar(2, 3);
  const outcomes = ['"a"', '"ab"', '"é€"', '"😀😀😀"', '"abcd"', '"\\u00e9\\n"'].map((text) =>
    accepts(grammar, text)
  );
  assertEquals(outcomes, [false, true, true, true, false, true]);
});

for (
  const [min, max] of [[-37, 105], [0, 0], [1, 9], [98, 102], [-1000, -999], [-3, Infinity], [-Infinity, 12]]
) {
  Deno.test(`integerGrammar holds exactly the integers from ${min} to ${max}`, () => {
    const grammar = integerGrammar(min, max);
    for (let i = -1200; i <= 1200; i++) {
      assertEquals(accepts(grammar, String(i)), i >= min && i <= max, String(i));
    }
    const random = seeded(3);
    for (let i = 0; i < 100; i++) {
      const value = Number(randomText(grammar, random));
      assertEquals(Number.isSafeInteger(value) && value >= min && value <= max, true, String(value));
    }
  });
}
