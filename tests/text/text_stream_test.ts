import { assert, assertEquals, assertThrows } from "@std/assert";
import { Detokenizer } from "../../runtime/detokenizer.ts";
import { TokenizerError } from "../../runtime/errors.ts";
import { decodeIds, MAX_HELD_UNITS, TextStream, type TextStreamOptions } from "../../runtime/text_stream.ts";
import { Tokenizer } from "../../runtime/tokenizer.ts";
import { type Seeded, seeded } from "./seeded.ts";

function readText(path: string): string {
  return Deno.readTextFileSync(new URL(path, import.meta.url));
}

const STORIES = Tokenizer.fromJson(readText("../../models/stories/checkpoint/tokenizer.json"));
const LLAMA = Tokenizer.fromJson(readText("./fixtures/llama_tokenizer.json"));

/** Ids 0..255 are the bytes; 256 is a control token, 257 the text " x", 258 "é". */
const BYTES = new Detokenizer(
  {
    type: "Sequence",
    decoders: [{ type: "ByteFallback" }, { type: "Fuse" }, {
      type: "Strip",
      content: " ",
      start: 2,
      stop: 0,
    }],
  },
  {
    contents: [
      ...Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).padStart(2, "0")}>`),
      "<end>",
      " x",
      "é",
    ],
    added: new Set([256, 257]),
    special: new Set([256]),
  },
);

function pieces(detokenizer: Detokenizer, ids: readonly number[], options?: TextStreamOptions): string[] {
  const stream = new TextStream(detokenizer, options);
  return [...ids.map((id) => stream.push(id)), stream.flush()];
}

function bytesOf(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

/** Bytes that are often, but not always, UTF-8. */
function noisyIds(draw: Seeded): number[] {
  const ids: number[] = [];
  for (let i = draw.integer(12); i >= 0; i--) {
    const kind = draw.integer(5);
    if (kind === 0) ids.push(draw.integer(259));
    else if (kind === 1) ids.push(draw.of([0x20, 0x41, 0x0a, 0x0d, 256, 257, 258]));
    else if (kind === 2) {
      ids.push(
        ...draw.of([[0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xed, 0xa0], [0xe0, 0x80], [0xf4, 0x90], [
          0xf5,
        ], [0xef, 0xbb, 0xbf]]),
      );
    } else ids.push(...bytesOf(draw.of(["é", "€", "😀", "👨‍👩‍👧", "🇩🇪🇫🇷", "e\u0301", "नि", "\ufeff", "  "])));
  }
  return ids;
}

Deno.test("TextStream's pieces join to the text of all ids, broken UTF-8 included, whatever the options", () => {
  const draw = seeded(1);
  for (let round = 0; round < 6000; round++) {
    const ids = noisyIds(draw);
    const options: TextStreamOptions = {
      skipSpecialTokens: draw.of([true, false]),
      continuation: draw.of([true, false]),
      graphemes: draw.of(["open", "whole"]),
    };
    const about = JSON.stringify({ ids, options });
    const got = pieces(BYTES, ids, options);
    assertEquals(got.join(""), decodeIds(BYTES, ids, options), about);
    assert(got.every((piece) => piece.isWellFormed()), about);
  }
});

for (const [name, tokenizer] of [["byte-level", STORIES], ["Llama-style", LLAMA]] as const) {
  Deno.test(`TextStream's pieces join to Tokenizer.decode over random ids, ${name}`, () => {
    const draw = seeded(2);
    for (let round = 0; round < 1500; round++) {
      const ids = Array.from(
        { length: draw.integer(30) },
        () => draw.integer(draw.of([300, tokenizer.vocabSize, tokenizer.vocabSize + 20])),
      );
      for (const skipSpecialTokens of [true, false]) {
        const got = pieces(tokenizer.detokenizer, ids, { skipSpecialTokens }).join("");
        assertEquals(got, tokenizer.decode(ids, { skipSpecialTokens }), ids.join());
      }
    }
  });
}

Deno.test("decodeIds reads bytes as a WHATWG decoder does: U+FFFD for each maximal ill-formed part, byte order marks kept", () => {
  const draw = seeded(3);
  for (let round = 0; round < 2000; round++) {
    const bytes = noisyIds(draw).filter((id) => id < 256);
    const want = new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));
    assertEquals(decodeIds(BYTES, bytes, { continuation: true }), want);
  }
  assertEquals(
    decodeIds(BYTES, [0xe2, 0x82, 0x41, 0xff, 0xed, 0xa0, 0x80]),
    "\ufffdA\ufffd\ufffd\ufffd\ufffd",
  );
});

Deno.test("TextStream gives plain text at once, token by token", () => {
  const ids = STORIES.encode("Once upon a time, there was a cat.");
  const stream = new TextStream(STORIES.detokenizer);
  for (const id of ids) assertEquals(stream.push(id), STORIES.decode([id]));
  assertEquals(stream.flush(), "");
});

Deno.test("TextStream holds back the bytes of a code point until it is complete or broken", () => {
  assertEquals(pieces(BYTES, bytesOf("a€é")), ["a", "", "", "€", "", "é", ""]);
  assertEquals(pieces(BYTES, [0xe2, 0x82, 0x41]), ["", "", "\ufffdA", ""]);
  assertEquals(pieces(BYTES, [0x41, 0xf0, 0x9f, 0x98]), ["A", "", "", "", "\ufffd"]);
  assertEquals(pieces(BYTES, [0x80, 0xff]), ["\ufffd", "\ufffd", ""]);
  // beginnings that no byte can complete: too long, a surrogate, beyond U+10FFFF
  for (const [lead, second] of [[0xe0, 0x9f], [0xf0, 0x8f], [0xed, 0xa0], [0xf4, 0x90]]) {
    assertEquals(pieces(BYTES, [lead, second]), ["", "\ufffd\ufffd", ""]);
  }
});

Deno.test("TextStream gives emoji, flags, marked letters and CR LF in one piece", () => {
  const family = "👨‍👩‍👧‍👦", kiss = "👩🏻‍❤️‍💋‍👨🏿", wales = "🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}";
  for (const cluster of [family, kiss, wales, "👍🏽", "🇩🇪", "❤️", "\r\n", "नि", "กำ", "שָׁ", "한"]) {
    const got = pieces(BYTES, bytesOf(`a${cluster}b`)).filter((piece) => piece !== "");
    assertEquals(got.join(""), `a${cluster}b`);
    assert(got.some((piece) => piece.includes(cluster)), JSON.stringify([cluster, got]));
  }
  assertEquals(pieces(BYTES, bytesOf("🇩🇪🇫🇷")).filter((piece) => piece !== ""), ["🇩🇪", "🇫🇷"]);
});

Deno.test('TextStream with graphemes "whole" never ends a piece within a cluster', () => {
  const draw = seeded(5);
  const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
  const parts = [
    "a",
    "e\u0301",
    "1\ufe0f\u20e3",
    "😀",
    "👨‍👩‍👧",
    "🇩🇪",
    "\n",
    "\r\n",
    " ",
    "\u0301",
    "नि",
    "한",
    "か\u3099",
  ];
  for (let round = 0; round < 500; round++) {
    const text = Array.from({ length: 8 }, () => draw.of(parts)).join("");
    const boundaries = new Set([text.length, ...Array.from(segmenter.segment(text), ({ index }) => index)]);
    let length = 0;
    for (const piece of pieces(BYTES, bytesOf(text), { graphemes: "whole", continuation: true })) {
      length += piece.length;
      assert(boundaries.has(length), JSON.stringify([text, length]));
    }
  }
});

Deno.test("TextStream holds back a bounded length of an endless cluster", () => {
  const stream = new TextStream(BYTES);
  let given = 0, read = 0;
  for (const byte of bytesOf("a" + "\u0301".repeat(1000))) {
    given += stream.push(byte).length;
    read += byte < 0x80 || byte >= 0xc0 ? 1 : 0;
    assert(read - given <= MAX_HELD_UNITS + 1);
  }
  assertEquals(given + stream.flush().length, 1001);
});

Deno.test("TextStream goes on from its state at every point", () => {
  const draw = seeded(6);
  for (let round = 0; round < 500; round++) {
    const ids = noisyIds(draw);
    let stream = new TextStream(BYTES), text = "";
    for (const id of ids) {
      text += stream.push(id);
      stream = new TextStream(BYTES, {}, JSON.parse(JSON.stringify(stream.state)));
    }
    assertEquals(text + stream.flush(), decodeIds(BYTES, ids));
  }
});

Deno.test("TextStream drops the leading space of a text, and keeps it in a continuation", () => {
  const ids = LLAMA.encode("hello world", { addSpecialTokens: false });
  assertEquals(pieces(LLAMA.detokenizer, ids).join(""), "hello world");
  assertEquals(pieces(LLAMA.detokenizer, ids, { continuation: true }).join(""), " hello world");
  assertEquals(pieces(BYTES, [0x20, 0x20, 0x20, 0x41]), ["", "", " ", "A", ""]);
  assertEquals(pieces(BYTES, [0x20, 0x41, 0x20]), ["", "A", " ", ""]);
});

Deno.test("TextStream passes over ids without a token and refuses what is no id", () => {
  const stream = new TextStream(BYTES);
  assertEquals(stream.push(5000), "");
  for (const id of [-1, 1.5, NaN, Infinity]) {
    assertThrows(() => stream.push(id), TokenizerError, "Cannot decode token id");
  }
});

const REFUSED = [
  null,
  { type: "CTC" },
  { type: "WordPiece", prefix: "##" },
  { type: "Sequence", decoders: [] },
  { type: "Sequence", decoders: [{ type: "Fuse" }, { type: "ByteFallback" }] },
  { type: "Sequence", decoders: [{ type: "ByteLevel" }, { type: "Fuse" }] },
  { type: "Sequence", decoders: [{ type: "Strip", content: " ", start: 1, stop: 0 }] },
  { type: "Sequence", decoders: [{ type: "Fuse" }, { type: "Strip", content: " ", start: 1, stop: 1 }] },
  { type: "Sequence", decoders: [{ type: "Fuse" }, { type: "Strip", content: "é", start: 1, stop: 0 }] },
  { type: "Sequence", decoders: [{ type: "Fuse" }, { type: "Strip", content: " ", start: 1e9, stop: 0 }] },
  { type: "Sequence", decoders: [{ type: "Replace", pattern: { Regex: "a+" }, content: "" }] },
];

Deno.test("Detokenizer refuses decoders whose text is not the tokens' bytes in a row", () => {
  for (const decoder of REFUSED) {
    assertThrows(
      () => new Detokenizer(decoder, { contents: [], added: new Set(), special: new Set() }),
      TokenizerError,
      "Cannot use the decoder of tokenizer.json",
    );
  }
});

Deno.test("Detokenizer replaces with the content as it stands", () => {
  const decoder = {
    type: "Sequence",
    decoders: [{ type: "Replace", pattern: { String: "_." }, content: "$&$$" }],
  };
  const detokenizer = new Detokenizer(decoder, {
    contents: ["a_._.b_x"],
    added: new Set(),
    special: new Set(),
  });
  assertEquals(decodeIds(detokenizer, [0]), "a$&$$$&$$b_x");
});
