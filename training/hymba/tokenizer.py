"""Reads tokenizer.json (byte-level BPE) without the tokenizers library: for machines that lack it, and as a second
opinion. Needs `regex`."""

from __future__ import annotations

import json
from collections.abc import Iterable

import regex

from stories import END

# GPT-2's pieces, as the ByteLevel pre-tokenizer of the tokenizers library has them
PIECE = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")


def byte_alphabet() -> dict[int, str]:
    """The printable character ByteLevel writes for each byte."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table, extra = {b: chr(b) for b in plain}, 256
    for b in range(256):
        if b not in table:
            table[b] = chr(extra)
            extra += 1
    return table


class Tokenizer:
    """Text to ids and back."""

    def __init__(self, path: str):
        with open(path, encoding="utf-8") as f:
            model = json.load(f)["model"]
        self.vocab = model["vocab"]
        self.text = {i: t for t, i in self.vocab.items()}
        merges = (m if isinstance(m, list) else m.split(" ") for m in model["merges"])
        self.rank = {tuple(m): r for r, m in enumerate(merges)}
        self.to_char = byte_alphabet()
        self.to_byte = {c: b for b, c in self.to_char.items()}

    def encode(self, text: str) -> list[int]:
        """The ids of a text; <|endoftext|> in it becomes id 0, and nothing is added."""
        ids = []
        for i, part in enumerate(text.split(END)):
            ids += [0] if i else []
            for piece in PIECE.findall(part):
                ids += self._merge([self.to_char[b] for b in piece.encode()])
        return ids

    def _merge(self, word: list[str]) -> list[int]:
        """Join the pair of lowest rank, the leftmost first, until none is left."""
        never = len(self.rank)
        while len(word) > 1:
            rank, at = min((self.rank.get(pair, never), i) for i, pair in enumerate(zip(word, word[1:])))
            if rank == never:
                break
            word[at : at + 2] = [word[at] + word[at + 1]]
        return [self.vocab[w] for w in word]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of some ids; bytes that are no UTF-8 become U+FFFD."""
        data = bytearray()
        for i in ids:
            data += END.encode() if i == 0 else bytes(self.to_byte[c] for c in self.text[i])
        return data.decode(errors="replace")
