"""The little English grammar that the texts need."""

from __future__ import annotations

_AN_EXCEPTIONS = ("hour", "honest", "heir")
_A_EXCEPTIONS = ("uni", "use", "one", "uku", "eu")


def an(phrase: str) -> str:
    """The phrase with the right indefinite article."""
    if phrase.startswith(_AN_EXCEPTIONS) or (phrase[0] in "aeiouAEIOU" and not phrase.startswith(_A_EXCEPTIONS)):
        return "an " + phrase
    return "a " + phrase


_IRREGULAR = {
    "mouse": "mice",
    "goose": "geese",
    "sheep": "sheep",
    "deer": "deer",
    "leaf": "leaves",
    "calf": "calves",
    "wolf": "wolves",
    "child": "children",
    "foot": "feet",
    "scarf": "scarves",
    "hippo": "hippos",
    "rhino": "rhinos",
    "flamingo": "flamingos",
    "starfish": "starfish",
    "jellyfish": "jellyfish",
}


def plural(noun: str) -> str:
    """The plural of a noun; only its last word changes."""
    head, _, last = noun.rpartition(" ")
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif last.endswith(("s", "x", "ch", "sh")) or last in ("tomato", "potato"):
        last += "es"
    elif last.endswith("y") and last[-2] not in "aeiou":
        last = last[:-1] + "ies"
    else:
        last += "s"
    return f"{head} {last}" if head else last


def cap(text: str) -> str:
    """The text with a capital first letter."""
    return text[0].upper() + text[1:]


def some_cake(name: str) -> str:
    """'an apple pie', but 'banana bread'."""
    return name if name.endswith("bread") else an(name)


def split_line(line: str) -> tuple[str, str]:
    """The first sentence of a line and the rest: 'I know. Let us go.' -> ('I know.', 'Let us go.')"""
    for i, char in enumerate(line):
        if char in ".!?" and line[i + 1 : i + 2] == " " and not (char == "." and line[:i].endswith(("Mr", "Mrs"))):
            return line[: i + 1], line[i + 2 :]
    return line, ""


def with_comma(text: str) -> str:
    """Quoted speech as it stands before 'said Tom': a full stop becomes a comma."""
    return text[:-1] + "," if text[-1] == "." else text
