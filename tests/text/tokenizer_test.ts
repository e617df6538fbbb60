import { assert, assertEquals, assertThrows } from "@std/assert";
import { TokenizerError } from "../../runtime/errors.ts";
import { Tokenizer, type TokenizerSources } from "../../runtime/tokenizer.ts";

function readText(path: string): string {
  return Deno.readTextFileSync(new URL(path, import.meta.url));
}

function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readText(path));
}

interface Fixture {
  version: number;
  tokenizers: string;
  encoded: [text: string, ids: number[]][];
  encodedWithEnds: [text: string, ids: number[]][];
  decoded: [ids: number[], text: string, skipSpecialTokens: boolean][];
}

const STORIES_JSON = readText("../../models/stories/checkpoint/tokenizer.json");
const LLAMA_JSON = readText("./fixtures/llama_tokenizer.json");
const STORIES_SOURCES: TokenizerSources = {
  tokenizerConfig: readJson("../../models/stories/checkpoint/tokenizer_config.json"),
  generationConfig: readJson("../../models/stories/checkpoint/generation_config.json"),
  modelVocabSize: 4096,
};
const STORIES = Tokenizer.fromJson(STORIES_JSON, STORIES_SOURCES);
const LLAMA = Tokenizer.fromJson(LLAMA_JSON);

for (const [name, tokenizer] of [["stories", STORIES], ["llama", LLAMA]] as const) {
  const fixture = JSON.parse(readText(`./fixtures/${name}_tokens.json`)) as Fixture;

  Deno.test(`Tokenizer.encode gives the ids of Python's tokenizers ${fixture.tokenizers} for ${fixture.encoded.length} texts, ${name}`, () => {
    assertEquals(fixture.version, 1);
    assert(fixture.encoded.length >= 300);
    for (const [text, ids] of fixture.encoded) {
      assertEquals(tokenizer.encode(text, { addSpecialTokens: false }), ids, JSON.stringify(text));
    }
    for (const [text, ids] of fixture.encodedWithEnds) {
      assertEquals(tokenizer.encode(text), ids, JSON.stringify(text));
    }
  });

  Deno.test(`Tokenizer.decode gives the text of Python's tokenizers ${fixture.tokenizers} for ${fixture.decoded.length} lists of ids, ${name}`, () => {
    for (const [ids, text, skipSpecialTokens] of fixture.decoded) {
      assertEquals(tokenizer.decode(ids, { skipSpecialTokens }), text, ids.join());
    }
  });
}

Deno.test("Tokenizer.decode gives back every text that byte-level encoding was given", () => {
  const fixture = JSON.parse(readText("./fixtures/stories_tokens.json")) as Fixture;
  for (const [text] of fixture.encoded) {
    assertEquals(STORIES.decode(STORIES.encode(text), { skipSpecialTokens: false }), text);
  }
});

Deno.test("Tokenizer.encode counts a lone surrogate as U+FFFD", () => {
  for (const tokenizer of [STORIES, LLAMA]) {
    for (const text of ["\ud83d", "a\ude00b", "\ude00\ud83d", "x\ud83d \ud83d\ude00"]) {
      const ids = tokenizer.encode(text);
      assertEquals(ids, tokenizer.encode(text.toWellFormed()));
      assertEquals(tokenizer.decode(ids), text.toWellFormed());
    }
  }
});

Deno.test("Tokenizer.encode refuses what is no string", () => {
  for (const text of [undefined, null, 3, {}, ["a"]]) {
    assertThrows(() => STORIES.encode(text as unknown as string), TokenizerError, "expected a string");
  }
});

Deno.test("Tokenizer.encode takes a long text", () => {
  const text = "Once upon a time, there was a kite. ".repeat(5000);
  assertEquals(STORIES.decode(STORIES.encode(text)), text);
  assertEquals(LLAMA.decode(LLAMA.encode("aaaa ".repeat(20_000))), "aaaa ".repeat(20_000));
});

Deno.test("Tokenizer knows its vocabulary and its end tokens", () => {
  assertEquals([STORIES.vocabSize, STORIES.bosId, STORIES.eosIds], [4096, 0, [0]]);
  assertEquals(STORIES.idToToken(0), "<|endoftext|>");
  assertEquals(STORIES.tokenToId("<|endoftext|>"), 0);
  assertEquals([STORIES.idToToken(4096), STORIES.idToToken(-1), STORIES.tokenToId("no such token")], [
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals([LLAMA.bosId, LLAMA.eosIds], [undefined, []]);
  assertEquals(LLAMA.idToToken(LLAMA.vocabSize - 1), "[PAD]");
});

Deno.test("Tokenizer takes ids from generation_config.json before names from tokenizer_config.json", () => {
  const tokenizerConfig = { bos_token: "<s>", eos_token: { content: "</s>", special: true } };
  const named = Tokenizer.fromJson(LLAMA_JSON, { tokenizerConfig });
  assertEquals([named.bosId, named.eosIds], [1, [2]]);
  const listed = Tokenizer.fromJson(LLAMA_JSON, {
    tokenizerConfig,
    generationConfig: { eos_token_id: [2, 0] },
  });
  assertEquals([listed.bosId, listed.eosIds], [1, [2, 0]]);
});

Deno.test("Tokenizer adds the ends that a Llama configuration asks for, and the post-processor's otherwise", () => {
  const names = { bos_token: "<s>", eos_token: "</s>" };
  const encode = (config: object): number[] =>
    Tokenizer.fromJson(LLAMA_JSON, { tokenizerConfig: config }).encode("a");
  const plain = LLAMA.encode("a", { addSpecialTokens: false });
  assertEquals(encode(names), [1, ...plain]); // the post-processor
  const llama = { ...names, tokenizer_class: "LlamaTokenizer" };
  assertEquals(encode(llama), [1, ...plain]);
  assertEquals(encode({ ...llama, add_bos_token: false }), plain);
  assertEquals(encode({ ...llama, add_eos_token: true }), [1, ...plain, 2]);
  assertEquals(STORIES.encode("a"), STORIES.encode("a", { addSpecialTokens: false }));
});

Deno.test("Tokenizer refuses configurations that do not belong to its tokenizer.json", () => {
  const bad: TokenizerSources[] = [
    { tokenizerConfig: { eos_token: "<nowhere>" } },
    { tokenizerConfig: { bos_token: 5 } },
    { tokenizerConfig: [] },
    { generationConfig: { eos_token_id: 99999 } },
    { generationConfig: { eos_token_id: -1 } },
    { generationConfig: { eos_token_id: [2, "x"] } },
    { generationConfig: { bos_token_id: 1.5 } },
    { modelVocabSize: 100 },
  ];
  for (const sources of bad) {
    assertThrows(() => Tokenizer.fromJson(LLAMA_JSON, sources), TokenizerError, "expected");
  }
});

Deno.test("Tokenizer.fromJson takes parsed JSON and leaves it alone", () => {
  const parsed = JSON.parse(STORIES_JSON);
  const tokenizer = Tokenizer.fromJson(parsed);
  assertEquals(tokenizer.encode("Once upon a time"), [702, 769, 259, 496]);
  assertEquals(parsed, JSON.parse(STORIES_JSON));
});

Deno.test("Tokenizer.fromJson takes merges as text too, and a file without model.type", () => {
  const json = JSON.parse(STORIES_JSON);
  json.model.merges = json.model.merges.map((pair: string[]) => pair.join(" "));
  delete json.model.type;
  assertEquals(Tokenizer.fromJson(json).encode("Once upon a time"), [702, 769, 259, 496]);
});

Deno.test("Tokenizer.encode splits byte-level text at Unicode's white space: U+0085 is, U+FEFF is not", () => {
  const json = JSON.parse(STORIES_JSON);
  // UTF-8 of U+FEFF is EF BB BF, of U+0085 C2 85
  const merges = [["ï", "»"], ["ï»", "¿"], ["ï»¿", "!"], ["Â", "ħ"], ["Âħ", "!"]];
  merges.forEach(([left, right], index) => json.model.vocab[left + right] = 4096 + index);
  json.model.merges.push(...merges);
  const tokenizer = Tokenizer.fromJson(json);
  // as Python's tokenizers 0.22.1 has it
  assertEquals(tokenizer.encode("\ufeff!"), [4098]);
  assertEquals(tokenizer.encode("\u0085!"), [4099, 1]);
});
