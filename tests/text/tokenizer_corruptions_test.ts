import { assert, assertEquals, assertThrows } from "@std/assert";
import { TokenizerError } from "../../runtime/errors.ts";
import { Tokenizer } from "../../runtime/tokenizer.ts";
import { seeded } from "./seeded.ts";

/** A tokenizer.json that a corruption may change at will. */
// deno-lint-ignore no-explicit-any
type Loose = any;
type Corruption = (json: Loose) => unknown;

const LLAMA_JSON = Deno.readTextFileSync(new URL("./fixtures/llama_tokenizer.json", import.meta.url));
const STORIES_JSON = Deno.readTextFileSync(
  new URL("../../models/stories/checkpoint/tokenizer.json", import.meta.url),
);
const LLAMA_SIZE = Tokenizer.fromJson(LLAMA_JSON).vocabSize;

function nested(depth: number, type: object, key: string): object {
  return depth === 0 ? type : { type: "Sequence", [key]: [nested(depth - 1, type, key)] };
}

/** What is wrong -> how to make it so. A value that is returned takes the place of the whole file. */
const CORRUPTIONS: Record<string, Corruption> = {
  "the file is null": () => null,
  "the file is an array": () => [],
  "the file is a number": () => 3,
  "the file is empty": () => ({}),
  "model is missing": (json) => void delete json.model,
  "model is null": (json) => void (json.model = null),
  "model is an array": (json) => void (json.model = []),
  "model.type is Unigram": (json) => void (json.model.type = "Unigram"),
  "model.type is WordPiece": (json) => void (json.model.type = "WordPiece"),
  "model.type is unknown": (json) => void (json.model.type = "Quantum"),
  "model.type is a number": (json) => void (json.model.type = 7),
  "vocab is missing": (json) => void delete json.model.vocab,
  "vocab is null": (json) => void (json.model.vocab = null),
  "vocab is an array": (json) => void (json.model.vocab = [["a", 0]]),
  "vocab is a string": (json) => void (json.model.vocab = "abc"),
  "vocab is empty": (json) => void (json.model.vocab = {}),
  "an id is negative": (json) => void (json.model.vocab["▁the"] = -1),
  "an id is a fraction": (json) => void (json.model.vocab["▁the"] = 5.5),
  "an id is a string": (json) => void (json.model.vocab["▁the"] = "5"),
  "an id is null": (json) => void (json.model.vocab["▁the"] = null),
  "an id is an array": (json) => void (json.model.vocab["▁the"] = [5]),
  "an id is beyond the model": (json) => void (json.model.vocab["▁the"] = LLAMA_SIZE),
  "an id is huge": (json) => void (json.model.vocab["▁the"] = 2 ** 53),
  "an id is infinite": (json) => JSON.stringify(json).replace(/"▁the":\d+/, '"▁the":1e999'),
  "two tokens share an id": (json) => void (json.model.vocab["▁the"] = json.model.vocab["e"]),
  "a token hides under __proto__ with a bad id": (json) =>
    JSON.stringify(json).replace('"<unk>":0', '"<unk>":0,"__proto__":-3'),
  "merges are missing": (json) => void delete json.model.merges,
  "merges are an object": (json) => void (json.model.merges = {}),
  "merges are a string": (json) => void (json.model.merges = "a b"),
  "a merge is a number": (json) => void (json.model.merges[3] = 3),
  "a merge is null": (json) => void (json.model.merges[3] = null),
  "a merge is one token": (json) => void (json.model.merges[3] = "the"),
  "a merge is three tokens": (json) => void (json.model.merges[3] = "t h e"),
  "a merge is empty": (json) => void (json.model.merges[3] = ""),
  "a merge is a pair among strings": (json) => void (json.model.merges[3] = ["t", "h"]),
  "a merge is a string among pairs": (json) => void (json.model.merges = [["t", "h"], "h e"]),
  "a pair has three tokens": (json) => void (json.model.merges = [["t", "h", "e"]]),
  "a pair has a number": (json) => void (json.model.merges = [["t", 1]]),
  "a merge names an unknown left token": (json) => void (json.model.merges[3] = "☃ e"),
  "a merge names an unknown right token": (json) => void (json.model.merges[3] = "e ☃"),
  "a merge makes an unknown token": (json) => void (json.model.merges[3] = "q q"),
  "unk_token is not in the vocabulary": (json) => void (json.model.unk_token = "<nowhere>"),
  "unk_token is a number": (json) => void (json.model.unk_token = 0),
  "byte_fallback is a string": (json) => void (json.model.byte_fallback = "yes"),
  "fuse_unk is a number": (json) => void (json.model.fuse_unk = 1),
  "dropout is on": (json) => void (json.model.dropout = 0.1),
  "continuing_subword_prefix is set": (json) => void (json.model.continuing_subword_prefix = "##"),
  "end_of_word_suffix is set": (json) => void (json.model.end_of_word_suffix = "</w>"),
  "added_tokens is an object": (json) => void (json.added_tokens = {}),
  "added_tokens is a string": (json) => void (json.added_tokens = "x"),
  "an added token is null": (json) => void json.added_tokens.push(null),
  "an added token has no id": (json) => void delete json.added_tokens[0].id,
  "an added token's id is a string": (json) => void (json.added_tokens[0].id = "0"),
  "an added token's id is beyond the model": (json) => void (json.added_tokens[3].id = LLAMA_SIZE),
  "an added token's id belongs to another": (json) => void (json.added_tokens[3].id = 5),
  "an added token stands elsewhere in the vocabulary": (json) => void (json.added_tokens[0].id = 1),
  "an added token is there twice": (json) => void json.added_tokens.push(json.added_tokens[3]),
  "an added token is empty": (json) => void (json.added_tokens[3].content = ""),
  "an added token is a number": (json) => void (json.added_tokens[3].content = 9),
  "an added token's flag is a string": (json) => void (json.added_tokens[3].special = "true"),
  "an added token wants whole words": (json) => void (json.added_tokens[3].single_word = true),
  "there are too many added tokens": (json) =>
    void (json.added_tokens = new Array(70_000).fill(json.added_tokens[0])),
  "normalizer is a string": (json) => void (json.normalizer = "NFC"),
  "normalizer is of unknown type": (json) => void (json.normalizer = { type: "Rot13" }),
  "normalizer's type is __proto__": (json) => void (json.normalizer = { type: "__proto__" }),
  "normalizer has no type": (json) => void (json.normalizer = {}),
  "normalizers are missing": (json) => void delete json.normalizer.normalizers,
  "normalizers nest deeply": (json) => void (json.normalizer = nested(2000, { type: "NFC" }, "normalizers")),
  "there are too many normalizers": (json) =>
    void (json.normalizer.normalizers = new Array(1000).fill({ type: "NFC" })),
  "a normalizer is null": (json) => void json.normalizer.normalizers.push(null),
  "Prepend has no text": (json) => void delete json.normalizer.normalizers[0].prepend,
  "Replace has no pattern": (json) => void delete json.normalizer.normalizers[1].pattern,
  "Replace has an empty pattern": (json) => void (json.normalizer.normalizers[1].pattern = { String: "" }),
  "Replace has a pattern that is no regular expression": (json) =>
    void (json.normalizer.normalizers[1].pattern = { Regex: "(" }),
  "Replace has a long pattern": (json) =>
    void (json.normalizer.normalizers[1].pattern = { Regex: "a".repeat(5000) }),
  "Replace has nested classes": (json) =>
    void (json.normalizer.normalizers[1].pattern = { Regex: "[".repeat(4000) }),
  "pre_tokenizer is an array": (json) => void (json.pre_tokenizer = []),
  "pre_tokenizer is of another kind": (json) => void (json.pre_tokenizer = { type: "BertPreTokenizer" }),
  "pre_tokenizers nest deeply": (json) =>
    void (json.pre_tokenizer = nested(50, { type: "ByteLevel" }, "pretokenizers")),
  "ByteLevel lacks the 256 bytes": (json) =>
    void (json.pre_tokenizer = { type: "ByteLevel", add_prefix_space: false }),
  "Split has an unknown behaviour": (json) =>
    void (json.pre_tokenizer = {
      type: "Split",
      pattern: { String: " " },
      behavior: "Explode",
      invert: false,
    }),
  "Metaspace has a long replacement": (json) =>
    void (json.pre_tokenizer = {
      type: "Metaspace",
      replacement: "ab",
      prepend_scheme: "first",
      split: false,
    }),
  "post_processor is of another kind": (json) => void (json.post_processor = { type: "BertProcessing" }),
  "the template is missing": (json) => void delete json.post_processor.single,
  "the template is a string": (json) => void (json.post_processor.single = "<s> $A"),
  "the template has no text": (json) => void json.post_processor.single.pop(),
  "the template names an unknown token": (json) =>
    void (json.post_processor.single[0].SpecialToken.id = "<nowhere>"),
  "the template has a null": (json) => void json.post_processor.single.push(null),
  "decoder is missing": (json) => void delete json.decoder,
  "decoder is a string": (json) => void (json.decoder = "ByteLevel"),
  "decoder is of another kind": (json) => void (json.decoder = { type: "WordPiece" }),
  "decoders are missing": (json) => void delete json.decoder.decoders,
  "decoders are too many": (json) => void (json.decoder.decoders = new Array(1000).fill({ type: "Fuse" })),
  "a decoder is null": (json) => void (json.decoder.decoders[1] = null),
  "a decoder's pattern is null": (json) => void (json.decoder.decoders[0].pattern = null),
};

for (const [what, corrupt] of Object.entries(CORRUPTIONS)) {
  Deno.test(`Tokenizer.fromJson refuses a file in which ${what}`, () => {
    const json = JSON.parse(LLAMA_JSON);
    const result = corrupt(json);
    const file: Loose = result === undefined ? json : result;
    for (const source of typeof file === "string" ? [file] : [file, JSON.stringify(file)]) {
      const error = assertThrows(
        () => Tokenizer.fromJson(source, { modelVocabSize: LLAMA_SIZE }),
        TokenizerError,
      );
      assert(error.message.startsWith("Cannot use "), error.message);
      assert(error.remedy.length > 0);
    }
  });
}

Deno.test("Tokenizer.fromJson refuses a file that is cut off anywhere", () => {
  const draw = seeded(1);
  const ends = [
    0,
    1,
    2,
    LLAMA_JSON.trimEnd().length - 1,
    ...Array.from({ length: 100 }, () => draw.integer(LLAMA_JSON.length - 2)),
  ];
  for (const end of ends) {
    assertThrows(() => Tokenizer.fromJson(LLAMA_JSON.slice(0, end)), TokenizerError, "the file is no JSON");
  }
});

Deno.test("Tokenizer.fromJson refuses a deeply nested file without overflowing the stack", () => {
  for (const text of ["[".repeat(1e6), '{"a":'.repeat(1e5), "[".repeat(1e5) + "]".repeat(1e5)]) {
    assertThrows(() => Tokenizer.fromJson(text), TokenizerError, "Cannot use tokenizer.json");
  }
});

/** Every place in a JSON value: the object that holds it, and its key. */
function places(value: Loose, found: [Loose, string][] = []): [Loose, string][] {
  if (typeof value !== "object" || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push([value, key]);
    places(value[key], found);
  }
  return found;
}

Deno.test("Tokenizer.fromJson, with any value replaced by any other, refuses the file or makes a tokenizer that works", () => {
  const draw = seeded(2);
  const values = [null, true, false, 0, -1, 1.5, 1e300, "", "x", "▁", "<0xZZ>", [], {}, [[]], {
    type: "Sequence",
  }, "__proto__"];
  let refused = 0;
  for (let round = 0; round < 600; round++) {
    const json = JSON.parse(LLAMA_JSON);
    const outside = places({ ...json, model: { ...json.model, vocab: {}, merges: [] } });
    const inside = [...places(json.model.vocab), ...places(json.model.merges)];
    const [, key] = draw.of(outside);
    const [holder, place] = draw.number() < 0.7
      ? draw.of(places(json).filter(([, name]) => name === key))
      : draw.of(inside);
    if (draw.number() < 0.15) delete holder[place];
    else holder[place] = draw.of(values);
    const text = JSON.stringify(json);
    let tokenizer: Tokenizer;
    try {
      tokenizer = Tokenizer.fromJson(text, { modelVocabSize: LLAMA_SIZE });
    } catch (error) {
      assert(error instanceof TokenizerError, `${error} for ${place}`);
      refused++;
      continue;
    }
    const ids = tokenizer.encode("the kite, é 😀\n 12");
    assert(ids.every((id) => Number.isInteger(id) && id >= 0 && id < LLAMA_SIZE), `${ids} for ${place}`);
    assertEquals(typeof tokenizer.decode(ids), "string");
  }
  assert(refused > 280, `only ${refused} of 600 refused`);
});

Deno.test("Tokenizer.fromJson refuses a byte-level vocabulary that lacks a byte", () => {
  const json = JSON.parse(STORIES_JSON);
  delete json.model.vocab["Ń"];
  json.model.merges = json.model.merges.filter((merge: string) => !merge.includes("Ń"));
  assertThrows(() => Tokenizer.fromJson(json), TokenizerError, "for byte");
});
