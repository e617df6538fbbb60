"""Telling a story: chance, sentences, paragraphs, dialogue and the facts worth asking for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from story.english import cap, split_line, with_comma
from story.things import Character, Fact

_VERBS = {
    ".": ["said"],
    "!": ["said", "said", "cried", "shouted", "called", "exclaimed"],
    "?": ["asked"],
}
_REPLIES = ["said", "said", "replied", "answered"]
_MOODS = {
    "sad": [" sadly", " softly", " in a small voice", " quietly"],
    "happy": [" happily", " with a smile", " cheerfully", " with a big grin"],
    "kind": [" kindly", " gently", " softly", " warmly"],
    "shy": [" shyly", " quietly", " in a small voice", " softly"],
    "proud": [" proudly", " with a grin", " with shining eyes"],
    "afraid": [" in a shaky voice", " nervously", " in a tiny voice"],
    "calm": [" calmly", " softly", " in a gentle voice", " quietly"],
    "cross": [" crossly", " with a frown", " angrily"],
}


@dataclass(slots=True)
class Telling:
    """A text in the making. Every choice takes numbers from `rng`, in the order of the calls: a draw more or less
    changes the rest of the text."""

    rng: Random
    breaks: float = 0.6  # how likely `para` is to begin a paragraph
    paragraphs: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)  # of the paragraph being written
    facts: list[Fact] = field(default_factory=list)
    people: list[Character] = field(default_factory=list)
    subject: Character | None = None  # whom the last sentence was about
    speaker: tuple = ()  # who spoke last, and where

    # ---- choosing
    def pick(self, options: Sequence):
        """One of a list."""
        return options[int(self.rng.random() * len(options))]

    def one(self, *options):
        """One of the arguments."""
        return options[int(self.rng.random() * len(options))]

    def chance(self, p: float) -> bool:
        """True with probability p."""
        return self.rng.random() < p

    def some(self, options: Sequence, count: int) -> list:
        """`count` different ones of a list."""
        return self.rng.sample(options, count)

    # ---- writing
    def add(self, *options: str) -> None:
        """Append one of the options; a repeated subject often becomes a pronoun."""
        text = options[int(self.rng.random() * len(options))]
        if not text:
            return
        text = cap(text)
        subject = self._subject_of(text)
        if subject and subject is self.subject and self.clear(subject) and self.rng.random() < 0.6:
            text = subject.He + text[len(subject.name) :]
        if subject or not text.startswith(("He ", "She ")):
            self.subject = subject
        self.sentences.append(text)

    def _subject_of(self, text: str) -> Character | None:
        """Whose name the sentence begins with."""
        for person in self.people:
            if (
                text.startswith(person.cap)
                and text[len(person.name) : len(person.name) + 1] == " "
                and not text.startswith(" and", len(person.name))
            ):
                return person
        return None

    def clear(self, who: Character) -> bool:
        """Would a pronoun for `who` be understood after the last sentence?"""
        if who.he == "it" or not self.sentences:
            return False
        last = self.sentences[-1]
        return not any(
            other is not who and other.he == who.he and (other.name in last or other.kind in last)
            for other in self.people
        )

    def maybe(self, p: float, *options: str) -> None:
        """`add`, with probability p."""
        if self.rng.random() < p:
            self.add(*options)

    def para(self) -> None:
        """A good place for a new paragraph."""
        if self.sentences and self.rng.random() < self.breaks:
            self.paragraphs.append(" ".join(self.sentences))
            self.sentences = []

    def text(self) -> str:
        """All that was written so far."""
        parts = self.paragraphs
        if self.sentences:
            parts = parts + [" ".join(self.sentences)]
        return "\n\n".join(parts)

    def q(self, kind: str, question: str, answer: str) -> None:
        """A fact, as a question of some kind and its answer."""
        self.facts.append(Fact(kind, question, answer))

    def yn(self, true: str = "", false: str = "") -> None:
        """A yes/no fact; give the question whose answer is yes, the one whose answer is no, or both."""
        if true and (not false or self.rng.random() < 0.5):
            self.facts.append(Fact("yesno", true, "yes"))
        elif false:
            self.facts.append(Fact("yesno", false, "no"))

    # ---- dialogue
    def say(self, who: Character, *lines: str, mood: str = "") -> None:
        """One of the lines, spoken; a line ends with . ! or ?"""
        line = lines[int(self.rng.random() * len(lines))]
        if self.speaker == (who.name, len(self.sentences), len(self.paragraphs)) and self.sentences:
            self._say_more(line)
            return
        name = who.name
        if self.subject is who and self.sentences and '"' not in self.sentences[-1] and self.clear(who):
            name = who.he
        self.sentences.append(self.speech(name, line, mood))
        self.subject = who
        self.speaker = (who.name, len(self.sentences), len(self.paragraphs))

    def _say_more(self, line: str) -> None:
        """The last speaker goes on: no second tag."""
        last = self.sentences[-1]
        self.sentences[-1] = f'{last[:-1]} {line}"' if last[-1] == '"' else f'{last} "{line}"'

    def maybe_say(self, p: float, who: Character, *lines: str, mood: str = "") -> None:
        """`say`, with probability p."""
        if self.rng.random() < p:
            self.say(who, *lines, mood=mood)

    def say_unnamed(self, name: str, *lines: str) -> None:
        """One of the lines, spoken by somebody who is no `Character`: 'the ant'."""
        self.sentences.append(self.speech(name, self.one(*lines)))

    def speech(self, name: str, line: str, mood: str = "") -> str:
        """The line in quotation marks with its 'said Tom', before, after or in the middle."""
        first, rest = split_line(line)
        mark = first[-1]
        roll = self.rng.random()
        if rest and roll < 0.75:
            return f'"{with_comma(first)}" {self._tag(name, mark, mood)}. "{rest}"'
        if roll > 0.8 and not mood:
            verb = "asked" if line[-1] == "?" else "answered" if self._after_question() else "said"
            return f'{cap(name)} {verb}, "{line}"'
        if rest:
            return f'"{with_comma(line)}" {self._tag(name, line[-1], mood)}.'
        return f'"{with_comma(first)}" {self._tag(name, mark, mood)}.'

    def _after_question(self) -> bool:
        return bool(self.sentences) and "?" in self.sentences[-1] and '"' in self.sentences[-1]

    def _tag(self, name: str, mark: str, mood: str) -> str:
        verb = self.pick(_REPLIES if mark == "." and self._after_question() else _VERBS[mark])
        adverb = self.pick(_MOODS[mood]) if mood else ""
        if adverb and verb not in ("said", "asked"):
            verb = "asked" if mark == "?" else "said"
        if name not in ("he", "she") and self.rng.random() < 0.65:
            return f"{verb} {name}{adverb}"
        return f"{name} {verb}{adverb}"
