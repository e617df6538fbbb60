/** The tokenizer of Hymba-1.5B at its full size: 32,001 tokens, byte fallback, "▁" for spaces. */
import { assert, assertEquals } from "@std/assert";
import { TextStream } from "../../runtime/text_stream.ts";
import { Tokenizer } from "../../runtime/tokenizer.ts";
import { LLAMA2_CONFIG, llama2TokenizerJson } from "./llama2_tokenizer.ts";

const TOKENIZER = Tokenizer.fromJson(llama2TokenizerJson(), {
  tokenizerConfig: LLAMA2_CONFIG,
  generationConfig: { bos_token_id: 1, eos_token_id: 2, pad_token_id: 0 },
  modelVocabSize: 32_001,
});
const plain = { addSpecialTokens: false } as const;

interface Fixture {
  readonly version: number;
  readonly tokenizers: string;
  readonly cases: readonly (readonly [text: string, ids: number[], decoded: string])[];
}
const FIXTURE: Fixture = JSON.parse(
  Deno.readTextFileSync(new URL("./fixtures/llama2_tokens.json", import.meta.url)),
);

Deno.test("Tokenizer has the release's ids: 32,000 pieces, the special ones in front, [PAD] behind", () => {
  assertEquals([TOKENIZER.vocabSize, TOKENIZER.bosId, TOKENIZER.eosIds], [32_001, 1, [2]]);
  const special = [0, 1, 2, 3, 258, 32_000].map((id) => TOKENIZER.idToToken(id));
  assertEquals(special, ["<unk>", "<s>", "</s>", "<0x00>", "<0xFF>", "[PAD]"]);
});

Deno.test("Tokenizer puts <s> before a plain prompt and nothing before a chat's", () => {
  assertEquals(TOKENIZER.encode("Hello world"), [1, 15043, 3186]);
  assertEquals(TOKENIZER.encode("Hello world", plain), [15043, 3186]);
  const mark = TOKENIZER.encode("<extra_id_1>", plain).map((id) => TOKENIZER.idToToken(id));
  assertEquals(mark, ["▁<", "extra", "_", "id", "_", "1", ">"]); // ordinary text, no token of its own
});

Deno.test("Tokenizer puts nothing before a text that goes on from another", () => {
  const continuation = { continuation: true } as const;
  for (
    const [text, cut] of [["Once upon a time", 9], ["A.\n<extra_id_1>User\nHi", 2], ["a  b", 1], [
      "x</s>y z",
      6,
    ]] as const
  ) {
    const parts = [
      ...TOKENIZER.encode(text.slice(0, cut)),
      ...TOKENIZER.encode(text.slice(cut), continuation),
    ];
    assertEquals(parts, TOKENIZER.encode(text), text);
  }
  const tail = TOKENIZER.encode("b</s>c", continuation).map((id) => TOKENIZER.idToToken(id));
  assertEquals(tail, ["b", "</s>", "▁c"]); // behind a special token a text begins, as in Python's tokenizers
});

Deno.test("Tokenizer agrees with Python's tokenizers on 1,000 random texts, both ways", () => {
  assertEquals([FIXTURE.version, FIXTURE.cases.length], [1, 1000]);
  for (const [text, ids, decoded] of FIXTURE.cases) {
    assertEquals(TOKENIZER.encode(text, plain), ids, JSON.stringify(text));
    assertEquals(TOKENIZER.decode(ids, { skipSpecialTokens: false }), decoded, JSON.stringify(text));
  }
});

Deno.test("Tokenizer gives back every scalar value of Unicode", () => {
  const lost: string[] = [];
  for (let start = 0; start < 0x110000; start += 0x200) {
    const points = Array.from({ length: 0x200 }, (_, i) => start + i).filter((p) => p < 0xd800 || p > 0xdfff);
    // U+2581 is what spaces become: no tokenizer of this kind can tell the two apart.
    const text = points.filter((point) => point !== 0x2581).map((point) => String.fromCodePoint(point)).join(
      "",
    );
    if (TOKENIZER.decode(TOKENIZER.encode(text)) !== text) lost.push(start.toString(16));
  }
  assertEquals(lost, []);
  assertEquals(TOKENIZER.decode(TOKENIZER.encode("a▁b")), "a b");
});

Deno.test("TextStream gives a fallback character when its last byte comes, and takes one space off the beginning", () => {
  for (
    const text of [
      "I saw 🦙🦙 and 🐻.",
      " two  spaces",
      "\u{10ffff}\u0301 \u{1f1e9}\u{1f1ea}",
      "日本語 テキスト",
    ]
  ) {
    const ids = TOKENIZER.encode(text, plain);
    const stream = new TextStream(TOKENIZER.detokenizer);
    const parts = ids.map((id) => stream.push(id));
    assertEquals(parts.join("") + stream.flush(), text);
    for (const part of parts) assert(part.isWellFormed() && !part.includes("\ufffd"), text);
  }
});
