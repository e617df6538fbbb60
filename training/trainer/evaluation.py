"""What a finished run is measured by: loss on held-out rows, questions answered exactly."""

from __future__ import annotations

import json
import math
from collections import Counter

import numpy as np
import torch
from tokenizers import Tokenizer

from trainer.feed import shard_files, to_gpu
from trainer.rows import byte_lengths, encode
from trainer.steps import Trainer


def held_out_rows(folder: str) -> np.ndarray:
    """All held-out rows that the workers have written."""
    return np.concatenate([np.load(f) for f in shard_files(folder, "val")])


def final_losses(trainer: Trainer, tok: Tokenizer, rows: np.ndarray, batch: int) -> dict:
    """Loss on the held-out rows with the trained weights, and with the weights rounded to bfloat16 as they are
    exported; the trainer keeps the rounded ones."""
    sizes = byte_lengths(tok)
    whole = rows[: len(rows) // batch * batch]
    targets = whole[:, 1:]
    per_byte = targets.size / sizes[targets].sum() / math.log(2)
    nats = trainer.evaluate(whole, batch)
    with torch.no_grad():
        for p in trainer.net.parameters():
            p.copy_(p.to(torch.bfloat16).float())
    rounded = trainer.evaluate(whole, batch)
    return {
        "validation_tokens": int(targets.size),
        "validation_bytes": int(sizes[targets].sum()),
        "validation_nats_per_token": nats,
        "validation_bits_per_byte": nats * per_byte,
        "validation_nats_per_token_bf16_weights": rounded,
        "validation_bits_per_byte_bf16_weights": rounded * per_byte,
    }


def answer_questions(
    trainer: Trainer, tok: Tokenizer, items: list[dict], length: int, batch: int
) -> tuple[dict, list[dict]]:
    """Exact match of the greedy answers, by kind, and the first hundred wrong ones.

    Given the right answer's tokens so far, the arg max must be its next token throughout, and after the last one a
    line's or the document's end; that is what greedy decoding would do, and takes one forward pass.
    """
    ends = (0, encode(tok, "\n")[0])
    total, right, wrong, too_long = Counter(), Counter(), [], 0
    for i in range(0, len(items), batch):
        part = items[i : i + batch]
        pairs = [(encode(tok, item["prompt"]), encode(tok, item["answer"])) for item in part]
        rows = np.zeros((batch, length + 1), dtype=np.uint16)
        for row, (prompt, answer) in zip(rows, pairs):
            ids = (prompt + answer + [0])[: length + 1]
            row[: len(ids)] = ids
        with torch.autocast("cuda", torch.bfloat16):
            hidden = trainer.net(to_gpu(rows)[:, :-1]).detach()
            for states, item, (prompt, answer) in zip(hidden, part, pairs):
                total[item["kind"]] += 1
                if len(prompt) + len(answer) > length:
                    too_long += 1
                    continue
                at = len(prompt) - 1
                got = trainer.net.logits(states[at : at + len(answer) + 1]).argmax(-1).tolist()
                if got[:-1] == answer and got[-1] in ends:
                    right[item["kind"]] += 1
                elif len(wrong) < 100:
                    question = item["prompt"].split("Question: ")[-1].split("\n")[0]
                    wrong.append({**item, "prompt": question, "got": tok.decode(got)})
    by_kind = {k: {"count": total[k], "exact_match": right[k] / total[k]} for k in sorted(total)}
    result = {"count": len(items), "too_long": too_long, "exact_match": right.total() / len(items), "by_kind": by_kind}
    return result, wrong


def read_items(path: str) -> list[dict]:
    """Question items as stories.py writes them, one JSON line each."""
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]
