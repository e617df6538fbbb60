"""Memory documents: a list of facts about several characters, then questions about them."""

from __future__ import annotations

from random import Random

from story import lexicon as lex
from story.english import an
from story.things import Character, Fact
from story.world import Story

_THINGS = lex.PORTABLE + lex.VEHICLES + lex.INSTRUMENTS[:8] + lex.WEAR
_HEADS = [
    "Here is what everyone had.",
    "Listen well and remember.",
    "There were many friends at the party.",
    "This is a list of friends and their things.",
    "Who has what? Let's see.",
    "The children sat in a circle.",
    "Everyone in the class told something.",
    "Try to remember all of this.",
    "The friends met at the park.",
    "Let me tell you about my friends.",
]
_FILLERS = [
    "The sun was shining.",
    "It was a quiet day.",
    "Everyone was in a good mood.",
    "A bird sang outside.",
    "They talked and laughed.",
    "Then it was time for a break.",
    "The wind blew softly.",
    "After lunch, they went on.",
    "Someone told a joke.",
    "The clock on the wall ticked.",
    "It began to rain a little.",
    "They were glad to be together.",
]


def document(rng: Random) -> tuple[Story, list[Fact]]:
    """A story holding only facts, and questions about them."""
    s = Story(rng)
    past = s.chance(0.35)
    people = [s.child() for _ in range(rng.randint(4, 12) if s.chance(0.6) else rng.randint(2, 5))]
    kinds = rng.sample(_KINDS, rng.randint(1, 3))
    total = min(16, max(4, len(people) * len(kinds)))
    jobs = [(person, kind) for person in people for kind in kinds][:total]
    if s.chance(0.5):
        rng.shuffle(jobs)
    if s.chance(0.4):
        s.add(*_HEADS)
    for person, kind in jobs:
        kind(s, person, past)
        s.maybe(0.06, *_FILLERS)
    s.maybe(0.25, *_FILLERS)
    count = rng.randint(2, 6)
    return s, rng.sample(s.facts, min(count, len(s.facts)))


def _has(s: Story, who: Character, past: bool) -> None:
    item = s.fresh(_THINGS)
    color = s.pick(lex.COLORS)
    s.add(f"{who} {'had' if past else 'has'} {an(f'{color} {item}')}.")
    verb = "did" if past else "does"
    roll = s.rng.random()
    if roll < 0.35:
        s.q("color", f"What color {'was' if past else 'is'} {who.s} {item}?", color)
    elif roll < 0.6:
        s.q("owner", f"Who {'had' if past else 'has'} the {item}?", who.name)
    elif roll < 0.8:
        s.q("what", f"What {verb} {who} have?", f"{an(f'{color} {item}')}")
    elif roll < 0.9:
        s.q("color", f"What color {'was' if past else 'is'} the {item}?", color)
    else:
        other = s.pick(lex.COLORS)
        s.q("yesno", f"{'Was' if past else 'Is'} the {item} {other}?", "yes" if other == color else "no")


def _lives(s: Story, who: Character, past: bool) -> None:
    place = s.fresh(lex.CHILD_HOMES)
    s.add(f"{who} {'lived' if past else 'lives'} {place}.")
    if s.chance(0.6):
        s.q("where", f"Where {'did' if past else 'does'} {who} live?", place)
    else:
        s.q("who", f"Who {'lived' if past else 'lives'} {place}?", who.name)


def _likes(s: Story, who: Character, past: bool) -> None:
    food = s.fresh([snack[1] for snack in lex.SNACKS] + lex.DISHES)
    s.add(f"{who} {'liked' if past else 'likes'} {food}.")
    if s.chance(0.6):
        s.q("food", f"What food {'did' if past else 'does'} {who} like?", food)
    else:
        s.q("who", f"Who {'liked' if past else 'likes'} {food}?", who.name)


def _counts(s: Story, who: Character, past: bool) -> None:
    noun = s.fresh(
        [
            "marbles",
            "books",
            "shells",
            "balloons",
            "stamps",
            "coins",
            "stickers",
            "pencils",
            "buttons",
            "cards",
            "stones",
            "feathers",
            "beads",
            "toy cars",
            "flowers",
            "cousins",
            "keys",
        ]
    )
    number = s.number()
    s.add(f"{who} {'had' if past else 'has'} {number} {noun}.")
    s.q("count", f"How many {noun} {'did' if past else 'does'} {who} have?", number)


def _pet(s: Story, who: Character, past: bool) -> None:
    kind = s.fresh([row[0] for row in lex.WALKERS] + lex.FARM_ANIMALS)
    name = s.fresh(lex.PET_NAMES_M + lex.PET_NAMES_F)
    s.add(f"{who} {'had' if past else 'has'} {an(kind)} named {name}.")
    roll = s.rng.random()
    if roll < 0.4:
        s.q("name", f"What {'was' if past else 'is'} the name of {who.s} {kind}?", name)
    elif roll < 0.7:
        s.q("animal", f"What kind of animal {'was' if past else 'is'} {name}?", kind)
    else:
        s.q("owner", f"Who {'had' if past else 'has'} {an(kind)}?", who.name)


def _wants(s: Story, who: Character, past: bool) -> None:
    base = s.fresh(lex.ACTIVITIES)[0]
    s.add(f"{who} {'wanted' if past else 'wants'} to {base}.")
    s.q("want", f"What {'did' if past else 'does'} {who} want to do?", base)


def _hid(s: Story, who: Character, past: bool) -> None:
    spot = s.fresh(lex.SPOTS_OUT + lex.SPOTS_IN)
    s.add(f"{who} {'was hiding' if past else 'is hiding'} {spot}.")
    if s.chance(0.6):
        s.q("where", f"Where {'was' if past else 'is'} {who} hiding?", spot)
    else:
        s.q("who", f"Who {'was' if past else 'is'} hiding {spot}?", who.name)


_KINDS = [_has, _has, _has, _lives, _likes, _counts, _pet, _wants, _hid]
