"""From story documents to training rows: tokenizer, shard workers, packing.

A row is `length + 1` token ids: whole documents, each closed by <|endoftext|>, chosen so that the row is filled with
as little cutting as possible. A row begins where a document begins (about a third of the rows with an <|endoftext|>
before it, so that the model is at home with and without one); only what a document has beyond one row's length begins
a row in mid-document.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterable

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

import stories

LEAD = 0.3  # share of the training rows that begin with <|endoftext|>
LOOK = 48  # how many waiting documents are tried for the rest of a row
HELD_OUT = 100  # every so-manyth document is never trained on
LONG = 6  # every so-manyth shard holds long rows


def make_documents(seed: int, count: int) -> list[str]:
    """`count` texts that depend on `seed` alone."""
    return [stories.generate_document(stories.document_rng(seed, i)) for i in range(count)]


def train_tokenizer(texts: Iterable[str], vocab: int) -> Tokenizer:
    """Byte-level BPE of exactly `vocab` entries; <|endoftext|> is id 0."""
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tok.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tok.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocab, special_tokens=[stories.END], initial_alphabet=alphabet, show_progress=False
        ),
    )
    if tok.token_to_id(stories.END) != 0 or tok.get_vocab_size() != vocab:
        raise ValueError(f"Cannot train the tokenizer: it has {tok.get_vocab_size()} entries, expected {vocab}")
    return tok


def encode(tok: Tokenizer, text: str) -> list[int]:
    """The ids of a text, nothing added."""
    return tok.encode(text, add_special_tokens=False).ids


def byte_lengths(tok: Tokenizer) -> np.ndarray:
    """UTF-8 bytes each id stands for; 0 for <|endoftext|>. In ByteLevel's alphabet a character is a byte."""
    sizes = [len(tok.id_to_token(i)) for i in range(tok.get_vocab_size())]
    sizes[0] = 0
    return np.array(sizes)


def pack(docs: list[list[int]], length: int, rng: random.Random, lead: float = LEAD) -> np.ndarray:
    """Id lists that each end in 0 -> rows uint16 [rows, length + 1]; what fills no whole row is left out."""
    docs = [d for d in docs if len(d) > 1]
    rng.shuffle(docs)
    rows = []
    while docs:
        row = _fill([0] if rng.random() < lead else [], docs, length + 1, rng)
        if len(row) == length + 1:
            rows.append(row)
    return np.array(rows, dtype=np.uint16).reshape(-1, length + 1)


def _fill(row: list[int], docs: list[list[int]], need: int, rng: random.Random) -> list[int]:
    """Take documents off the end of `docs` until the row is full or none is left."""
    doc = docs.pop()
    while True:
        room = need - len(row)
        row += doc[:room]
        if len(doc) > room:
            if len(doc) > need:  # longer than a row: the rest is a row's beginning later
                docs.insert(rng.randrange(len(docs) + 1), doc[room:])
            return row
        room = need - len(row)
        if room == 0 or not docs:
            return row
        waiting = range(max(0, len(docs) - LOOK), len(docs))
        best = max(waiting, key=lambda i: len(docs[i]) if len(docs[i]) <= room else -1)
        if len(docs[best]) > room:  # none fits: show the head of one that stays for later
            return row + docs[-1][:room]
        doc = docs.pop(best)


def make_shards(folder: str, tokenizer_file: str, args, first_seed: int, hold_out: int) -> None:
    """A worker: writes `args.shards` files, train-SEED.npy, or long-SEED.npy for every sixth, one every
    `args.workers` seeds; and the held-out rows (1 % of the documents) of the first `hold_out` shards, val-SEED.npy."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.nice(5)
    tok = Tokenizer.from_file(tokenizer_file)
    for k in range(args.shards):
        seed = first_seed + k * args.workers
        began = time.time()
        texts = make_documents(seed, args.docs)
        made = time.time()
        ids = [e.ids + [0] for e in tok.encode_batch(texts, add_special_tokens=False)]
        rng = random.Random(seed + 1)
        held = [d for i, d in enumerate(ids) if i % HELD_OUT == HELD_OUT - 1]
        kept = [d for i, d in enumerate(ids) if i % HELD_OUT != HELD_OUT - 1]
        if k < hold_out:
            _save(f"{folder}/val-{seed}.npy", pack(held, args.length, rng, lead=0.0))
        long = k % LONG == LONG - 1
        rows = pack(kept, args.long_length if long else args.length, rng)
        _save(f"{folder}/{'long' if long else 'train'}-{seed}.npy", rows)
        if k == 0 and first_seed % args.workers == 0:
            tokens = sum(map(len, ids))
            print(
                f"worker shard: {len(texts)} documents, {tokens} tokens, {tokens / len(ids):.1f} a document, longest "
                f"{max(map(len, ids))}; {made - began:.1f} s to make, {time.time() - made:.1f} s to encode and pack; "
                f"{rows.size} tokens packed of {sum(map(len, kept))}",
                flush=True,
            )


def _save(path: str, rows: np.ndarray) -> None:
    np.save(path + ".tmp.npy", rows)
    os.rename(path + ".tmp.npy", path)
