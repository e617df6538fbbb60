"""Writes the tokenizer fixtures: what the Python package `tokenizers` makes of texts and ids.

    pip install tokenizers==0.22.1
    python tests/text/make_tokenizer_fixture.py

from the project's root. Writes, byte for byte the same each time, into tests/text/fixtures/:

    stories_tokens.json     ids of texts, texts of ids, with models/stories/checkpoint/tokenizer.json (byte-level BPE)
    llama_tokenizer.json    a small tokenizer of the Llama 2 kind (byte fallback, "Prepend" and "Replace" normalizers)
    llama_tokens.json       the same as stories_tokens.json for it
"""

import json
import random
from collections import Counter
from pathlib import Path

import tokenizers

VERSION = "0.22.1"
OUT = Path("tests/text/fixtures")

CORPUS = """Once upon a time there was a little girl named Molly. She was very quiet. One day, she wrote a letter to
her grandfather. It was a clear day, and the kitten sat on the mat with a red ball. The boy said hello to the old man
who lived in a house by the sea. They were happy, and the dog was happy too. Where is the blue kite? It is in the tree!
for (let i = 0; i < 10; i++) { console.log(i); } def main(): return "hello world" in 2024 and 1999 with 3.14 or 42."""

HAND_PICKED = """
|a| a|a |  a  |\\n|\\n\\n|\\n \\n|\\t\\tx|\\r\\n|\\r|\\u0085x\\u0085|\\ufeffx \\ufeff y|\\u00a0x\\u00a0\\u00a0y|\\u2003x\\u3000y\\u200b
It's|we'll they've I'd I'm you're don't|IT'S WE'LL|'s 't '|x's'y't|''''|Hello, world!|Hello,world!Hello|hello  world|
<\\u007cendoftext\\u007c>|a<\\u007cendoftext\\u007c>b|<\\u007cendoftext\\u007c> <\\u007cendoftext\\u007c>|<\\u007cendoftext|endoftext\\u007c>
<s>|</s> x|<unk>|[PAD]|a [PAD] b|<0x41>|<0x0A>|\\u2581|\\u2581\\u2581x|x\\u2581y
0|12|123|1234567890|3.14159|1,000,000|0x1F|1e-5|\\u00bd\\u00b2\\u2460\\u0663\\u096b|2nd 3rd|A1B2C3
caf\\u00e9|cafe\\u0301|na\\u00efve r\\u00e9sum\\u00e9|\\u00dcber stra\\u00dfe|\\u01c5\\u0130\\u0131|\\ufb01|\\u212b\\u00c5A\\u030a|e\\u0301\\u0323\\u0308
\\u4f60\\u597d\\uff0c\\u4e16\\u754c|\\u3053\\u3093\\u306b\\u3061\\u306f|\\u304b\\u3099|\\uc548\\ub155|\\u1112\\u1161\\u11ab|\\u0e2a\\u0e27\\u0e31\\u0e2a\\u0e14\\u0e35
\\u0645\\u0631\\u062d\\u0628\\u0627|\\u05e9\\u05dc\\u05d5\\u05dd|\\u200fabc\\u200e|\\u202etxet\\u202c|\\u0928\\u092e\\u0938\\u094d\\u0924\\u0947|\\u1780\\u17d2\\u1798
\\U0001f600|\\U0001f468\\u200d\\U0001f469\\u200d\\U0001f467\\u200d\\U0001f466|\\U0001f44d\\U0001f3fd|\\U0001f1e9\\U0001f1ea\\U0001f1eb\\U0001f1f7|1\\ufe0f\\u20e3|\\u2764\\ufe0f
\\U0001f3f4\\U000e0067\\U000e0062\\U000e0065\\U000e006e\\U000e0067\\U000e007f|\\U00010000\\U0010ffff|\\U0001d400\\U0001d7d8|\\ufffd\\ufffe\\uffff
\\u0000|\\u0001\\u0002\\u001f\\u007f\\u0080\\u009f|a\\u0000b|\\u200d\\u200c|\\ue000|\\u2028\\u2029|\\u180e|\\u034f|\\u115f\\u3164
const f = (x) => x ** 2;|  if (a && b) {\\n    return a[0]?.b ?? "c";\\n  }|def f(x):\\n\\treturn x\\n\\n\\n|#include <stdio.h>|SELECT * FROM t WHERE a='b';
https://example.org/a?b=c&d=%20#e|{"a": [1, 2, {"b": null}]}|<div class="x">&amp;</div>|$\\\\alpha^2$|a_b-c.d/e|--flag=1 -x|~!@#$%^&*()_+`-={}[]:";,./?
Once upon a time|In a little house by the sea|Question: Where is the kite?\\nAnswer:|The cat sat.\\n\\nQuestion: Who sat?\\nAnswer:
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|abababababababababababab|hahahahaha|          |\\n\\n\\n\\n\\n\\n|. . . .|.....|-----|!?!?!?
"""

ALPHABETS = [
    "abcdefghijklmnopqrstuvwxyz  ", "ABCabc'.,!? \n", "0123456789 .,", " \t\n\r\u00a0\u0085\u3000\ufeffab", "\u00e0\u00e9\u00ee\u00f5\u00fc\u0301\u0308ae ",
    "\u4f60\u597d\u4e16\u754c\u3042\u30a2\uac00\u3002 ", "\u0645\u0631\u062d\u0628\u05e9\u05dc \u0660\u0661", "\U0001f600\U0001f44d\U0001f3fd\u200d\u2764\ufe0f\U0001f1e9\U0001f1ea ",
    "".join(map(chr, range(0, 64))), "{}[]()<>=+-*/;:\"'_$ \nifx0",
]


def texts(rng: random.Random) -> list[str]:
    found = [part.encode("latin-1", "backslashreplace").decode("unicode_escape") for part in HAND_PICKED.replace("\n", "|").split("|")]
    words = CORPUS.split()
    for _ in range(60):
        found.append(rng.choice(["", " ", "\n"]) + " ".join(rng.choices(words, k=rng.randint(1, 12))))
    for alphabet in ALPHABETS:
        for _ in range(10):
            found.append("".join(rng.choices(alphabet, k=rng.randint(1, 24))))
    for _ in range(60):
        points = [rng.choice([rng.randrange(0x80), rng.randrange(0x800), rng.randrange(0x10000), rng.randrange(0x110000)]) for _ in range(8)]
        found.append("".join(chr(p) for p in points if not 0xD800 <= p < 0xE000))
    return list(dict.fromkeys(found))


def measure(tokenizer: tokenizers.Tokenizer, rng: random.Random, loose_bytes: bool) -> dict:
    """Ids of texts and texts of ids; `loose_bytes`: random ids may be broken UTF-8."""
    cases = [[text, tokenizer.encode(text, add_special_tokens=False).ids] for text in texts(rng)]
    with_ends = [[text, tokenizer.encode(text).ids] for text, _ in cases[:20]]
    ids = [i for i in range(tokenizer.get_vocab_size()) if loose_bytes or not tokenizer.id_to_token(i).startswith("<0x")]
    drawn = [rng.choices(ids, k=rng.randint(1, 20)) for _ in range(120)] + [ids for _, ids in cases]
    decoded = [[ids, tokenizer.decode(ids, skip_special_tokens=skip), skip] for ids in drawn for skip in (True, False)]
    return {"version": 1, "tokenizers": VERSION, "encoded": cases, "encodedWithEnds": with_ends, "decoded": decoded}


def llama_tokenizer() -> dict:
    """Learns 500 merges of CORPUS by counting pairs, ties to the first in code point order."""
    words = Counter("\u2581" + word for word in CORPUS.split())
    words.update(["\u2581" * n for n in (2, 4, 8)] * 3)
    pieces = {word: list(word) for word in words}
    characters = sorted({c for word in words for c in word} | set("\u00e9\u4f60\u0301\n"))
    merges: list[tuple[str, str]] = []
    for _ in range(500):
        pairs: Counter = Counter()
        for word, parts in pieces.items():
            for pair in zip(parts, parts[1:]):
                pairs[pair] += words[word]
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        for word, parts in pieces.items():
            joined, i = [], 0
            while i < len(parts):
                step = 2 if tuple(parts[i:i + 2]) == best else 1
                joined.append("".join(parts[i:i + step]))
                i += step
            pieces[word] = joined
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)] + ["".join(pair) for pair in merges] + characters
    vocab = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    special = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    added = [dict(id=vocab[token], content=token, **special) for token in ("<unk>", "<s>", "</s>")]
    begin = {"SpecialToken": {"id": "<s>", "type_id": 0}}
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": added + [dict(id=len(vocab), content="[PAD]", **special)],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "\u2581"}, {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
        "pre_tokenizer": None,
        "post_processor": {
            "type": "TemplateProcessing", "single": [begin, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [begin, {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None, "end_of_word_suffix": None,
            "fuse_unk": True, "byte_fallback": True, "ignore_merges": False, "vocab": vocab,
            "merges": [" ".join(pair) for pair in merges]},
    }


def write(name: str, value: dict) -> None:
    (OUT / name).write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n", encoding="utf-8")


def main() -> None:
    if tokenizers.__version__ != VERSION:
        raise SystemExit(f"tokenizers is {tokenizers.__version__}, expected {VERSION}: pip install tokenizers=={VERSION}")
    OUT.mkdir(parents=True, exist_ok=True)
    stories = tokenizers.Tokenizer.from_file("models/stories/checkpoint/tokenizer.json")
    write("stories_tokens.json", measure(stories, random.Random(1), loose_bytes=True))
    llama = llama_tokenizer()
    write("llama_tokenizer.json", llama)
    write("llama_tokens.json", measure(tokenizers.Tokenizer.from_str(json.dumps(llama)), random.Random(2), loose_bytes=False))


if __name__ == "__main__":
    main()
