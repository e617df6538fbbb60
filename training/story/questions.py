"""Choosing the questions that follow a story."""

from __future__ import annotations

from random import Random

from story.things import Fact

_YES_NO = ("yes", "no")


def answerable(facts: list[Fact], text: str) -> list[Fact]:
    """The facts whose answer stands in the text, one per question."""
    lower, seen, kept = text.lower(), set(), []
    for fact in facts:
        if fact.question in seen:
            continue
        if fact.answer in _YES_NO or fact.answer.lower() in lower:
            seen.add(fact.question)
            kept.append(fact)
    return kept


def choose(facts: list[Fact], text: str, rng: Random, most: int = 4) -> list[Fact]:
    """Up to `most` facts; rare kinds of question come as often as common ones."""
    kinds: dict[str, list[Fact]] = {}
    for fact in answerable(facts, text):
        if fact.answer == "no" and rng.random() < 0.55:  # as many yes as no in the end
            continue
        kinds.setdefault(fact.kind, []).append(fact)
    chosen = []
    for _ in range(rng.randint(1, most)):
        if not kinds:
            break
        kind = rng.choice(list(kinds))
        group = kinds[kind]
        chosen.append(group.pop(int(rng.random() * len(group))))
        if not group:
            del kinds[kind]
    return chosen


def render(facts: list[Fact]) -> str:
    """Questions and answers as they follow a text."""
    return "\n".join(f"Question: {fact.question}\nAnswer: {fact.answer}" for fact in facts)
