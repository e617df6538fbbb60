"""Writes what the Python package `tokenizers` makes of 1,000 random texts with the tokenizer of Hymba-1.5B.

    pip install tokenizers==0.22.1
    deno run --allow-read tests/text/llama2_tokenizer.ts > tokenizer.json
    python tests/text/make_llama2_fixture.py tokenizer.json

from the project's root. Writes tests/text/fixtures/llama2_tokens.json, byte for byte the same each time.
"""

import random
import sys

import tokenizers

from make_tokenizer_fixture import ALPHABETS, CORPUS, VERSION, write

PIECES = ["<s>", "</s>", "<unk>", "[PAD]", "<extra_id_0>System\n", "\n<extra_id_1>User\n", "<0x41>", "\u2581", "  ", "\n\n", "\t"]


def scalar(rng: random.Random) -> str:
    """A Unicode scalar value, the small ones as likely as the large."""
    point = rng.randrange(rng.choice([0x80, 0x800, 0x3000, 0x10000, 0x110000]))
    return "\ufffd" if 0xD800 <= point < 0xE000 else chr(point)


def text(rng: random.Random, index: int) -> str:
    words = CORPUS.split()
    match index % 5:
        case 0:
            return rng.choice(["", " ", "  ", "\n"]) + " ".join(rng.choices(words, k=rng.randint(1, 10)))
        case 1:
            return "".join(rng.choices(rng.choice(ALPHABETS), k=rng.randint(1, 30)))
        case 2:
            return "".join(scalar(rng) for _ in range(rng.randint(1, 12)))
        case 3:
            return "".join(rng.choice([rng.choice(PIECES), rng.choice(words), scalar(rng)]) for _ in range(rng.randint(1, 8)))
        case _:
            return " ".join("".join(rng.choices("aeiounstrldmhgp", k=rng.randint(1, 14))) for _ in range(rng.randint(1, 5)))


def main() -> None:
    if tokenizers.__version__ != VERSION:
        raise SystemExit(f"tokenizers is {tokenizers.__version__}, expected {VERSION}: pip install tokenizers=={VERSION}")
    tokenizer = tokenizers.Tokenizer.from_file(sys.argv[1])
    rng = random.Random(3)
    texts: dict[str, None] = {}
    for index in range(5000):
        if len(texts) < 1000:
            texts[text(rng, index)] = None
    cases = [[each, (ids := tokenizer.encode(each, add_special_tokens=False).ids), tokenizer.decode(ids, skip_special_tokens=False)] for each in texts]
    write("llama2_tokens.json", {"version": 1, "tokenizers": VERSION, "cases": cases})


if __name__ == "__main__":
    main()
