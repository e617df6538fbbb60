import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../../runtime/errors.ts";
import { schemaGrammar } from "../../../server/constraint/json_schema.ts";
import { Recognizer } from "../../../server/constraint/recognizer.ts";
import { GrammarConstraint } from "../../../server/constraint/token_constraint.ts";
import { TokenTrie } from "../../../server/constraint/token_trie.ts";
import { seeded } from "./walk.ts";

const SCHEMA = {
  type: "object",
  properties: {
    kind: { enum: ["cat", "cow"] },
    name: { type: "string", maxLength: 6 },
    ok: { type: "boolean" },
  },
  required: ["kind", "name"],
};
const EOS = 0;
const PIECES = [
  "",
  '{"',
  '"kind":',
  ' "c',
  "at",
  "ow",
  '",',
  '"}',
  " ",
  "\n",
  "name",
  "true}",
  "false",
  "tru",
  "ca",
  '":',
];

/** Token 0 ends the text, then pieces of several bytes (some fit nowhere), then the 256 bytes, then one piece again. */
function vocabulary(): { vocabSize: number; bytes: (id: number) => Uint8Array } {
  const pieces = PIECES.map((text) => new TextEncoder().encode(text));
  const all = [...pieces, ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)), pieces[1]];
  return { vocabSize: all.length, bytes: (id) => all[id] };
}

function newConstraint(schema: unknown = SCHEMA): { constraint: GrammarConstraint; vocabSize: number } {
  const tokens = vocabulary();
  const trie = new TokenTrie(tokens);
  const constraint = new GrammarConstraint(schemaGrammar(schema), trie, tokens.bytes, [EOS]);
  return { constraint, vocabSize: tokens.vocabSize };
}

Deno.test("TokenTrie.mask allows exactly the tokens whose bytes all fit", () => {
  const tokens = vocabulary();
  const trie = new TokenTrie(tokens);
  const recognizer = new Recognizer(schemaGrammar(SCHEMA));
  const random = seeded(5);
  let state = recognizer.start;
  for (let step = 0; step < 40 && !state.isClosed; step++) {
    const expected = Array.from({ length: tokens.vocabSize }, (_, id) => {
      let at: typeof state | null = state;
      for (const byte of tokens.bytes(id)) at = at && recognizer.advance(at, byte);
      return at !== null && tokens.bytes(id).length > 0 ? 1 : 0;
    });
    assertEquals(Array.from(trie.mask(recognizer, state)), expected);
    const allowed = expected.flatMap((flag, id) => flag === 1 ? [id] : []);
    const chosen = allowed[Math.floor(random() * allowed.length)];
    for (const byte of tokens.bytes(chosen)) state = recognizer.advance(state, byte)!;
  }
});

Deno.test("GrammarConstraint leads any choice of tokens to a value of the schema", () => {
  const { bytes } = vocabulary();
  for (let seed = 0; seed < 30; seed++) {
    const { constraint, vocabSize } = newConstraint();
    const random = seeded(seed);
    const text: number[] = [];
    while (!constraint.isFinished) {
      const logits = Float32Array.from({ length: vocabSize }, () => random());
      constraint.constrain(logits);
      const id = logits.indexOf(Math.max(...logits));
      constraint.accept(id);
      text.push(...bytes(id));
    }
    const { kind, name } = JSON.parse(new TextDecoder().decode(Uint8Array.from(text)));
    assertEquals(["cat", "cow"].includes(kind) && typeof name === "string", true);
  }
});

Deno.test("GrammarConstraint allows the end of the text only where the value is whole", () => {
  const { constraint, vocabSize } = newConstraint({ type: "integer", minimum: 0, maximum: 99 });
  const endings: number[] = [];
  for (const character of ["", "4", "2"]) {
    if (character !== "") constraint.accept(PIECES.length + character.charCodeAt(0));
    const logits = new Float32Array(vocabSize).fill(1);
    constraint.constrain(logits);
    endings.push(logits[EOS]);
  }
  assertEquals(endings, [-Infinity, 1, 1]);
  assertEquals(constraint.isFinished, true);
});

Deno.test("GrammarConstraint keeps the logits of what it allows and forbids the rest", () => {
  const { constraint, vocabSize } = newConstraint({ const: "c" });
  const logits = Float32Array.from({ length: vocabSize }, (_, id) => id);
  constraint.constrain(logits);
  assertEquals(
    Array.from(logits).flatMap((logit, id) => logit === -Infinity ? [] : [id]).join(),
    String(PIECES.length + 34),
  );
});

Deno.test("GrammarConstraint refuses a token that it did not allow", () => {
  assertThrows(() => newConstraint().constraint.accept(4), ConfigError, "leaves the grammar");
});

Deno.test("GrammarConstraint says when no token of the vocabulary fits", () => {
  const tokens = { vocabSize: 2, bytes: (id: number) => Uint8Array.of(id) };
  const constraint = new GrammarConstraint(
    schemaGrammar({ const: 1 }),
    new TokenTrie(tokens),
    tokens.bytes,
    [],
  );
  assertThrows(() => constraint.constrain(new Float32Array(2)), ConfigError, "no token");
});
