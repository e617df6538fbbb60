"""Children's stories in simple English, many followed by questions: the text the default model was trained on.

python3 training/stories.py --seed 1 --documents 400000 --workers 16 --out corpus.txt
python3 training/stories.py --seed 1 --documents 20
python3 training/stories.py --seed 99 --questions 5000 --out questions.jsonl

A seed gives the same bytes on every machine and with any number of workers.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import sys
from collections.abc import Iterator
from random import Random

from story import memory, questions
from story.plots import PLOTS
from story.world import Story

END = "<|endoftext|>"
SEPARATOR = f"\n{END}\n"
MEMORY_SHARE = 0.10
QUESTION_SHARE = 0.30  # of all documents; memory documents always have questions as well
SHORTEST, LONGEST = 80, 260  # words of a story
CHUNK = 1000  # documents a worker makes at a time


def generate_story(rng: Random) -> Story:
    """One story of suitable length, as world state (its text and its facts)."""
    while True:
        plot = PLOTS[int(rng.random() * len(PLOTS))]
        story = Story(rng, plot=plot.__name__)
        story.breaks = rng.choice((0.0, 0.7, 1.0))
        plot(story)
        if SHORTEST <= story.text().count(" ") + 1 <= LONGEST:
            return story


def generate_document(rng: Random) -> str:
    """One document: a story, often followed by questions."""
    roll = rng.random()
    if roll < MEMORY_SHARE:
        story, facts = memory.document(rng)
        return story.text() + "\n\n" + questions.render(facts)
    story = generate_story(rng)
    text = story.text()
    if roll < MEMORY_SHARE + QUESTION_SHARE:
        facts = questions.choose(story.facts, text, rng)
        if facts:
            return text + "\n\n" + questions.render(facts)
    return text


def generate_item(rng: Random) -> dict[str, str]:
    """One reading-comprehension item: a text with a single question as `prompt`, the `answer` with its leading space,
    the `kind` of question and the name of the `plot`."""
    while True:
        if rng.random() < 0.25:
            story, facts = memory.document(rng)
            facts, plot = facts[:1], "memory"
        else:
            story = generate_story(rng)
            facts, plot = questions.choose(story.facts, story.text(), rng, most=1), story.plot
        if facts:
            fact = facts[0]
            return {
                "prompt": f"{story.text()}\n\nQuestion: {fact.question}\nAnswer:",
                "answer": " " + fact.answer,
                "kind": fact.kind,
                "plot": plot,
            }


def document_rng(seed: int, index: int) -> Random:
    """The random numbers of one document or item: they depend on nothing but the two arguments."""
    return Random((seed << 40) + index)


def _chunk(job: tuple[int, int, int]) -> str:
    seed, start, stop = job
    return "".join(generate_document(document_rng(seed, i)) + SEPARATOR for i in range(start, stop))


def documents(seed: int, count: int, workers: int) -> Iterator[str]:
    """Pieces of the corpus in order; the same text for any number of workers."""
    jobs = [(seed, start, min(start + CHUNK, count)) for start in range(0, count, CHUNK)]
    if workers <= 1:
        yield from map(_chunk, jobs)
        return
    with multiprocessing.Pool(workers) as pool:
        yield from pool.imap(_chunk, jobs)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--documents", type=int, default=20)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", help="a file; without it the text goes to standard output")
    parser.add_argument("--questions", type=int, default=0, help="so many question items, one JSON line each, instead")
    args = parser.parse_args()
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(open(args.out, "w", encoding="utf-8")) if args.out else sys.stdout
        if args.questions:
            for i in range(args.questions):
                out.write(json.dumps(generate_item(document_rng(args.seed, i))) + "\n")
        else:
            for piece in documents(args.seed, args.documents, args.workers):
                out.write(piece)


if __name__ == "__main__":
    main()
