"""What a story is about: characters, things, places, and the facts that can be asked for."""

from __future__ import annotations

from dataclasses import dataclass

from story.english import an, cap


@dataclass(slots=True)
class Character:
    """Somebody in the story. `name` is the narrator's word, `first` introduces them, `hand` is what they hold with."""

    name: str
    kind: str
    first: str
    he: str
    him: str
    his: str
    hand: str = "hand"
    human: bool = True
    address: str = ""

    def __format__(self, spec: str) -> str:
        return self.name

    def __str__(self) -> str:
        return self.name

    @property
    def cap(self) -> str:
        """The name as a sentence begins with it."""
        return cap(self.name)

    @property
    def He(self) -> str:
        """'He', 'She' or 'It'."""
        return "He" if self.he == "he" else "She" if self.he == "she" else "It"

    @property
    def His(self) -> str:
        """'His', 'Her' or 'Its'."""
        return "His" if self.he == "he" else "Her" if self.he == "she" else "Its"

    @property
    def s(self) -> str:
        """The possessive: 'Tom's'."""
        return self.name + "'s"

    @property
    def self(self) -> str:
        """'himself', 'herself' or 'itself'."""
        return self.him + "self"


@dataclass(slots=True)
class Thing:
    """A thing with a color and perhaps a material or another word about it: `full` is all of that."""

    noun: str
    color: str
    full: str
    wear: bool = False

    def __format__(self, spec: str) -> str:
        return self.noun

    @property
    def a(self) -> str:
        """All that is said of it, with its article: 'a red wool scarf'."""
        return an(self.full)


@dataclass(slots=True)
class Place:
    """A place, with its preposition and without."""

    at: str  # "by the river"
    name: str  # "the river"

    @property
    def to(self) -> str:
        """The way there: 'to the river'."""
        return "to " + self.name

    def __format__(self, spec: str) -> str:
        return self.name


@dataclass(slots=True)
class Fact:
    """A question that the story answers; `kind` is the sort of question, for choosing and for counting."""

    kind: str
    question: str
    answer: str


MALE, FEMALE, NEUTRAL = ("he", "him", "his"), ("she", "her", "her"), ("it", "it", "its")
