"""Held-out text: stories and questions that no training run has seen, with what the float model makes of them.

python3 training/heldout.py text                    # stories.json, questions.json (needs tokenizers)
python3 training/heldout.py oracle                  # oracle.json (needs NumPy and regex; three minutes)
python3 training/heldout.py overlap --workers 16    # looks for these texts in all that the run could train on

The three files are in tests/fixtures/heldout/, whose README says what their fields mean. The seeds of the run were
1,000,000 to 1,001,884 (text), 1,900,000 to 1,900,015 (tokenizer) and 99 (questions); here they are two others.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import multiprocessing
from pathlib import Path

import stories

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "tests" / "fixtures" / "heldout"
CHECKPOINT = ROOT / "models" / "stories" / "checkpoint"
FORMAT = 1
STORIES_SEED, STORIES = 7_000_001, 150
QUESTIONS_SEED, QUESTIONS = 7_000_002, 200
TRAINED_SEEDS, TRAINED_DOCUMENTS = range(1_000_000, 1_001_885), 4000  # seeds, and documents of each
LONG = 2048  # targets of the one long text
CHUNK = 256  # targets in each of its partial means
ANSWER = 24  # most ids of an answer


def make_stories() -> list[str]:
    """The held-out documents: stories, many with questions and answers after them."""
    return [stories.generate_document(stories.document_rng(STORIES_SEED, i)) for i in range(STORIES)]


def make_questions() -> list[dict]:
    """The held-out question items."""
    return [stories.generate_item(stories.document_rng(QUESTIONS_SEED, i)) for i in range(QUESTIONS)]


def write_text() -> None:
    """stories.json and questions.json."""
    from tokenizers import Tokenizer

    tok = Tokenizer.from_file(str(CHECKPOINT / "tokenizer.json"))
    documents = [{"text": text, "ids": tok.encode(text, add_special_tokens=False).ids} for text in make_stories()]
    head = {"format": FORMAT, "seed": STORIES_SEED, "tokenizerSha256": sha256(CHECKPOINT / "tokenizer.json")}
    write("stories.json", head, documents=documents)
    write("questions.json", {"format": FORMAT, "seed": QUESTIONS_SEED}, items=make_questions())


def write_oracle() -> None:
    """oracle.json: losses and answers of the NumPy float64 network with the bfloat16 weights of the default model."""
    from hymba.oracle import Oracle
    from hymba.tokenizer import Tokenizer

    oracle, tok = Oracle.load(str(CHECKPOINT)), Tokenizer(str(CHECKPOINT / "tokenizer.json"))
    documents = read("stories.json")["documents"]
    losses = [document_loss(oracle, entry["ids"]) for entry in documents]
    answers = [answer(oracle, tok, item) for item in read("questions.json")["items"]]
    head = {
        "format": FORMAT,
        "weightsSha256": {file.name: sha256(file) for file in sorted(CHECKPOINT.glob("*.safetensors"))},
        "storiesSha256": sha256(FOLDER / "stories.json"),
        "questionsSha256": sha256(FOLDER / "questions.json"),
        "stories": total(losses, [entry["text"] for entry in documents]),
        "long": long_loss(oracle, [entry["ids"] for entry in documents]),
        "questions": {"count": len(answers), "right": sum(a["right"] for a in answers)},
    }
    write("oracle.json", head, documents=losses, answers=answers)


def next_id_losses(oracle, row: list[int]):
    """Nats of every id of a row but its first, given the ids before it; and which of them the top logit predicts."""
    import numpy as np

    logits, targets = oracle.logits(row[:-1]), np.array(row[1:])
    top = logits.max(-1)
    nats = top + np.log(np.exp(logits - top[:, None]).sum(-1)) - logits[np.arange(len(targets)), targets]
    return nats, logits.argmax(-1) == targets


def document_loss(oracle, ids: list[int]) -> dict:
    """A document between two <|endoftext|>: all its ids are targets, and the last <|endoftext|>."""
    nats, hits = next_id_losses(oracle, [0, *ids, 0])
    return {"targets": len(nats), "nats": round(float(nats.sum()), 9), "hits": int(hits.sum())}


def total(losses: list[dict], texts: list[str]) -> dict:
    """The losses of all documents together."""
    targets, nats, hits = (sum(entry[key] for entry in losses) for key in ("targets", "nats", "hits"))
    size = sum(len(text.encode()) for text in texts)
    return {
        "documents": len(texts),
        "bytes": size,
        "targets": targets,
        "hits": hits,
        "natsPerTarget": round(nats / targets, 9),
        "bitsPerByte": round(nats / math.log(2) / size, 9),
    }


def long_loss(oracle, documents: list[list[int]]) -> dict:
    """One text as long as the model was trained for: the first documents, an <|endoftext|> before each."""
    row = [i for ids in documents for i in [0, *ids]][: LONG + 1]
    nats, hits = next_id_losses(oracle, row)
    chunks = [round(float(nats[i : i + CHUNK].mean()), 9) for i in range(0, LONG, CHUNK)]
    return {"targets": LONG, "hits": int(hits.sum()), "natsPerTarget": round(float(nats.mean()), 9), "chunks": chunks}


def answer(oracle, tok, item: dict) -> dict:
    """The greedy answer to a question, and by how much its closest decision was won."""
    ends = {0, *tok.encode("\n")}
    logits, ids, margins = oracle.logits(tok.encode(item["prompt"])), [], []
    while True:
        second, first = sorted(logits[-1])[-2:]
        margins.append(first - second)
        best = int(logits[-1].argmax())
        if best in ends or len(ids) == ANSWER:
            text = tok.decode(ids)
            return {"text": text, "right": text == item["answer"], "margin": round(float(min(margins)), 6)}
        ids.append(best)
        logits = oracle.append([best])


def bodies(texts: list[str]) -> set[bytes]:
    """Fingerprints of what stands before the questions."""
    return {hashlib.sha256(text.split("\n\nQuestion:")[0].encode()).digest()[:16] for text in texts}


def seen_in(seed: int) -> set[bytes]:
    """The held-out bodies that occur among the training documents of a seed."""
    rngs = (stories.document_rng(seed, i) for i in range(TRAINED_DOCUMENTS))
    return bodies([stories.generate_document(rng) for rng in rngs]) & held_out_bodies()


def held_out_bodies() -> set[bytes]:
    """All bodies of the two held-out files."""
    return bodies([entry["text"] for entry in read("stories.json")["documents"]]) | bodies(
        [item["prompt"] for item in read("questions.json")["items"]]
    )


def print_overlap(workers: int) -> None:
    """Say how many held-out texts the run could have trained on."""
    with multiprocessing.Pool(workers) as pool:
        seen = set().union(*pool.imap_unordered(seen_in, TRAINED_SEEDS))
    documents = len(TRAINED_SEEDS) * TRAINED_DOCUMENTS
    print(f"{len(seen)} of {len(held_out_bodies())} held-out texts are among the {documents} the run could train on")


def sha256(path: Path) -> str:
    """The digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read(name: str) -> dict:
    """One of the files."""
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def write(name: str, head: dict, **lists: list[dict]) -> None:
    """A JSON file with one line for each field of the head and for each entry of the lists."""
    compact = {"separators": (",", ":"), "ensure_ascii": False}
    fields = [f"{json.dumps(key)}:{json.dumps(value, **compact)}" for key, value in head.items()]
    for key, entries in lists.items():
        fields.append(f'"{key}":[\n' + ",\n".join(json.dumps(entry, **compact) for entry in entries) + "\n]")
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / name).write_text("{" + ",\n".join(fields) + "}\n", encoding="utf-8")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("text", help="write stories.json and questions.json")
    commands.add_parser("oracle", help="write oracle.json")
    overlap = commands.add_parser("overlap", help="look for the held-out texts in the training text")
    overlap.add_argument("--workers", type=int, default=multiprocessing.cpu_count())
    args = parser.parse_args()
    if args.command == "text":
        write_text()
    elif args.command == "oracle":
        write_oracle()
    else:
        print_overlap(args.workers)


if __name__ == "__main__":
    main()
