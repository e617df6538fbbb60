import { assertEquals, assertThrows } from "@std/assert";
import { type Schema, Validator } from "@cfworker/json-schema";
import { ConfigError } from "../../../runtime/errors.ts";
import { schemaGrammar } from "../../../server/constraint/json_schema.ts";
import { Recognizer } from "../../../server/constraint/recognizer.ts";
import { accepts, randomText, seeded } from "./walk.ts";

const PERSON = {
  type: "object",
  properties: {
    name: { type: "string", maxLength: 12 },
    age: { type: "integer", minimum: 0, maximum: 130 },
    tags: { type: "array", items: { enum: ["a", "ab", "b"] }, minItems: 1, maxItems: 3 },
    note: { type: ["string", "null"], maxLength: 5 },
  },
  required: ["name", "age"],
};
const TREE = {
  $ref: "#/$defs/node",
  $defs: {
    node: {
      type: "object",
      properties: {
        value: { type: "number" },
        next: { anyOf: [{ type: "null" }, { $ref: "#/$defs/node" }] },
      },
      required: ["value", "next"],
      additionalProperties: false,
    },
  },
};

const SCHEMAS: Readonly<Record<string, unknown>> = {
  "an object with optional properties": PERSON,
  "a list that contains itself": TREE,
  "a union of literals": { enum: ["red", "redder", 12, 1.5, null, { a: [1] }] },
  "a constant": { const: { a: "b" } },
  "typed literals": { type: "string", enum: ["x", 3] },
  "overlapping alternatives": {
    anyOf: [{ const: "ab" }, { type: "string", minLength: 3, maxLength: 4 }, { enum: ["abc"] }],
  },
  "a tuple": {
    type: "array",
    prefixItems: [{ type: "integer" }, { type: "boolean" }],
    items: false,
    minItems: 1,
  },
  "a tuple with a rest": { prefixItems: [{ const: 1 }], items: { const: 2 }, minItems: 2, maxItems: 4 },
  "named and other properties": {
    type: "object",
    properties: { id: { type: "integer" }, ids: { type: "null" } },
    required: ["ids"],
    additionalProperties: { type: "boolean" },
  },
  "a map": { type: "object", additionalProperties: { type: "integer", minimum: -5, maximum: 5 } },
  "a free list": { type: "array", maxItems: 3 },
  "integers without bounds": { type: "integer" },
  "integers above a fraction": { type: "integer", exclusiveMinimum: 1.5, exclusiveMaximum: 4 },
  "anything": {},
};

for (const [name, schema] of Object.entries(SCHEMAS)) {
  Deno.test(`schemaGrammar leads to values that an independent validator accepts: ${name}`, () => {
    const grammar = schemaGrammar(schema);
    const validator = new Validator(schema as Schema, "2020-12");
    const random = seeded(11);
    let whole = 0;
    for (let i = 0; i < 80; i++) {
      const text = randomText(grammar, random);
      if (text === null) continue;
      whole++;
      assertEquals(validator.validate(JSON.parse(text)).valid, true, text);
    }
    assertEquals(whole > 40, true, `${whole} texts ended`);
  });
}

const ACCEPTED: readonly (readonly [schema: unknown, text: string])[] = [
  [PERSON, '{"name": "Bo", "age": 7}'],
  [PERSON, '{\n  "name": "Bo",\n  "age": 130,\n  "tags": ["ab", "a"],\n  "note": null\n}'],
  [TREE, '{"value":1,"next":{"value":2.5,"next":null}}'],
  [{ type: "object" }, '{"x":{"y":[]}}'],
  [{ type: "object", properties: { a: true }, additionalProperties: true }, '{"a":1,"b":2}'],
  [{ $ref: "#/$defs/a~1b", $defs: { "a/b": { const: 1 } } }, "1"],
];
for (const [schema, text] of ACCEPTED) {
  Deno.test(`schemaGrammar accepts ${JSON.stringify(text)}`, () => {
    assertEquals(accepts(schemaGrammar(schema), text), true);
  });
}

const REFUSED: readonly (readonly [schema: unknown, text: string])[] = [
  [PERSON, '{"name": "Bo"}'],
  [PERSON, '{"name": "Bo", "age": 131}'],
  [PERSON, '{"name": "Bo", "age": 7, "tags": []}'],
  [PERSON, '{"name": "Bo", "age": 7, "other": 1}'],
  [PERSON, '{"name": "longer than twelve", "age": 7}'],
  [TREE, '{"value":1}'],
  [{ type: "object", properties: { a: true }, additionalProperties: true }, '{"a":1,"a":2}'],
  [{ type: "array", items: { const: 1 }, maxItems: 2 }, "[1,1,1]"],
];
for (const [schema, text] of REFUSED) {
  Deno.test(`schemaGrammar refuses ${JSON.stringify(text)}`, () => {
    assertEquals(accepts(schemaGrammar(schema), text), false);
  });
}

function nested(depth: number): unknown {
  let schema: unknown = {};
  for (let i = 0; i < depth; i++) schema = { type: "array", items: schema };
  return schema;
}

const BAD: Readonly<Record<string, unknown>> = {
  "no schema": 3,
  "a list": [],
  "null": null,
  "false": false,
  "an unknown type": { type: "text" },
  "no type at all": { type: [] },
  "a keyword it cannot follow": { type: "string", pattern: "^(a+)+$" },
  "a format": { type: "string", format: "date" },
  "a negation": { not: { type: "string" } },
  "all of": { allOf: [{ type: "string" }] },
  "one of": { oneOf: [{ type: "string" }] },
  "unique items": { type: "array", uniqueItems: true },
  "a bounded number": { type: "number", minimum: 0 },
  "constraints beside a reference": { $ref: "#/$defs/a", type: "string", $defs: { a: {} } },
  "a reference to nowhere": { $ref: "#/$defs/missing" },
  "a reference to another document": { $ref: "other.json" },
  "a reference to itself": { $ref: "#" },
  "alternatives that are itself": { anyOf: [{ $ref: "#" }, { $ref: "#" }] },
  "a value without end": { type: "object", properties: { a: { $ref: "#" } }, required: ["a"] },
  "no alternative": { anyOf: [] },
  "no literal": { enum: [] },
  "literals of another type": { type: "integer", enum: ["a"] },
  "an empty range": { type: "integer", minimum: 3, maximum: 2 },
  "no integer in the range": { type: "integer", minimum: 2.1, maximum: 2.9 },
  "a length below zero": { type: "string", minLength: -1 },
  "a fractional length": { type: "string", maxLength: 1.5 },
  "more items than there are": { prefixItems: [{}], items: false, minItems: 2 },
  "a required name that is not there": { type: "object", required: ["a"] },
  "properties that are no object": { type: "object", properties: [] },
  "a bound without a type": { maxLength: 3 },
  "too many levels": nested(70),
  "a hundred thousand levels": JSON.parse('{"items":'.repeat(100_000) + "{}" + "}".repeat(100_000)),
  "too many values": { enum: Array.from({ length: 10_000 }, (_, i) => i) },
};
for (const [name, schema] of Object.entries(BAD)) {
  Deno.test(`schemaGrammar refuses a schema with ${name}`, () => {
    const error = assertThrows(() => new Recognizer(schemaGrammar(schema)), ConfigError);
    assertEquals(error.message.length < 600, true);
  });
}

Deno.test("Recognizer gives up on a grammar that leaves too much open, with a typed error", () => {
  const schema = { anyOf: Array.from({ length: 2100 }, (_, i) => ({ const: `same ${i}` })) };
  assertThrows(() => new Recognizer(schemaGrammar(schema)), ConfigError, "possibilities");
});
