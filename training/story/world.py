"""The world of one story: who is in it, what they have, where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from story import lexicon as lex
from story.english import an
from story.telling import Telling
from story.things import FEMALE, MALE, NEUTRAL, Character, Place, Thing

_FAMILY = [
    ("mother", "Mom", FEMALE),
    ("father", "Dad", MALE),
    ("grandmother", "Grandma", FEMALE),
    ("grandfather", "Grandpa", MALE),
    ("mother", "Mama", FEMALE),
    ("father", "Papa", MALE),
    ("grandmother", "Granny", FEMALE),
    ("grandfather", "Grandpa", MALE),
    ("aunt", "Aunt", FEMALE),
    ("uncle", "Uncle", MALE),
]


def _nouns_by_material() -> dict[str, set[str]]:
    nouns = lex.TOYS + lex.WEAR + lex.HOUSEHOLD + lex.TREASURES + lex.TOOLS + lex.INSTRUMENTS + lex.VEHICLES
    return {material: {n for n in nouns if f" {n} " in f" {words} "} for material, words in lex.MADE_OF.items()}


_NOUNS_BY_MATERIAL = _nouns_by_material()


@dataclass(slots=True)
class Story(Telling):
    """A telling with a cast: words already used in it, its hero, its weather and time of day."""

    plot: str = ""
    used: set[str] = field(default_factory=set)
    hero: Character | None = None
    weather: str = ""
    night: bool = False
    away: bool = False  # somebody left home, so they can go back

    def fresh(self, options: Sequence):
        """An option that the story has not used yet."""
        while True:
            option = self.pick(options)
            if option not in self.used:
                self.used.add(option)
                return option

    # ---- casting
    def enter(self, who: Character) -> Character:
        """Make somebody known to the narrator, who may then say 'he' or 'she'."""
        self.people.append(who)
        return who

    def lead(self, who: Character) -> Character:
        """Make somebody the hero."""
        self.hero = who
        return who

    def child(self) -> Character:
        """A girl or a boy."""
        girl = self.rng.random() < 0.5
        name = self.fresh(lex.GIRLS if girl else lex.BOYS)
        kind = "girl" if girl else "boy"
        return self.enter(Character(name, kind, f"a {kind} named {name}", *(FEMALE if girl else MALE)))

    def animal(self, rows: Sequence = lex.WALKERS) -> Character:
        """An animal with a name, of one of the species in `rows`."""
        row = self._fresh_row(rows)
        female = self.rng.random() < 0.5
        if self.rng.random() < 0.65:
            names = lex.PET_NAMES_F if female else lex.PET_NAMES_M
        else:
            names = lex.GIRLS if female else lex.BOYS
        name = self.fresh(names)
        kind = row[0]
        return self.enter(
            Character(name, kind, f"{an(kind)} named {name}", *(FEMALE if female else MALE), row[1], False)
        )

    def _fresh_row(self, rows: Sequence) -> Sequence:
        """A species that the story has not used yet."""
        while True:
            row = self.pick(rows)
            if row[0] not in self.used:
                self.used.add(row[0])
                return row

    def cast(self, child: float = 0.6, rows: Sequence = lex.WALKERS) -> Character:
        """Choose the hero: with probability `child` a child, else an animal."""
        return self.lead(self.child() if self.rng.random() < child else self.animal(rows))

    def friend(self) -> Character:
        """A friend from the same kind of world as the hero."""
        of = self.hero
        if of.human:
            friend = self.child()
            friend.first = f"{of.his} friend {friend.name}"
        else:
            friend = self.animal(lex.HOLDERS)
            friend.first = f"{of.his} friend {friend.name} the {friend.kind}"
        return friend

    def sibling(self) -> Character:
        """A brother or sister of the hero."""
        of = self.hero
        kid = self.child()
        word = "sister" if kid.he == "she" else "brother"
        kid.kind = word if of.human else of.kind
        kid.human, kid.hand = of.human, of.hand
        age = self.one("little ", "big ", "older ", "younger ")
        kid.first = f"{of.his} {age}{word} {kid.name}"
        return kid

    def elder(self) -> Character:
        """A parent, grandparent, aunt or uncle of the hero."""
        of = self.hero
        while True:
            word, title, pronouns = self.pick(_FAMILY)
            if word not in self.used:
                self.used.add(word)
                break
        first = f"{of.his} {word}"
        if word in ("aunt", "uncle"):
            own = self.fresh(lex.GIRLS if word == "aunt" else lex.BOYS)
            name, first = f"{title} {own}", f"{first} {own}"
        elif self.rng.random() < 0.3:
            name = first
        else:
            name = title
        return self.enter(
            Character(
                name,
                word,
                first,
                *pronouns,
                of.hand,
                of.human,
                address=title if word not in ("aunt", "uncle") else name,
            )
        )

    def neighbor(self, job: str = "") -> Character:
        """A grown-up with a job."""
        job = job or self.fresh(lex.JOBS)
        woman = self.rng.random() < 0.5 and job not in lex.MEN_JOBS
        name = ("Mrs. " if woman else "Mr. ") + self.fresh(lex.SURNAMES)
        return self.enter(Character(name, job, f"{name}, the {job}", *(FEMALE if woman else MALE), address=name))

    def creature(self, nouns: Sequence[str] = lex.SMALL_CREATURES) -> Character:
        """An unnamed animal: 'a small brown bird', then 'the bird'."""
        noun = self.fresh(nouns)
        look = self.one("small ", "little ", "tiny ", "young ", "") + self.one(*lex.FUR[:4], "")
        look = look.strip()
        first = an(f"{look} {noun}" if look else noun)
        return self.enter(Character(f"the {noun}", noun, first, *NEUTRAL, "paw", False))

    # ---- things and places
    def thing(self, nouns: Sequence[str] = lex.PORTABLE, colors: Sequence[str] = lex.COLORS) -> Thing:
        """A thing with a color."""
        noun = self.fresh(nouns)
        color = self.pick(colors)
        roll = self.rng.random()
        full = f"{color} {noun}"
        if roll < 0.2:
            materials = [m for m, nouns in _NOUNS_BY_MATERIAL.items() if noun in nouns]
            if materials:
                full = f"{color} {self.pick(materials)} {noun}"
        elif roll < 0.4 and not noun.startswith("toy ") and noun not in ("spinning top",):
            full = f"{self.one('little', 'small', 'shiny', 'bright', 'pretty', 'new', 'fine')} {color} {noun}"
        return Thing(noun, color, full, noun in lex.WEAR and noun != "ribbon")

    def outdoor(self) -> Place:
        """A place outdoors, away from home."""
        self.away = True
        return _place(self.fresh(lex.OUTDOOR))

    def nature(self) -> Place:
        """A place where one can camp."""
        self.away = True
        return _place(self.fresh(lex.NATURE))

    def indoor(self) -> Place:
        """A place indoors."""
        return _place(self.fresh(lex.INDOOR))

    def place(self) -> Place:
        """A place, more often outdoors."""
        return self.outdoor() if self.rng.random() < 0.7 else self.indoor()

    def number(self, low: int = 2, high: int = 10) -> str:
        """A number word between the two, which are in 2 .. 12."""
        return lex.NUMBERS[self.rng.randint(low, high) - 2]


def _place(text: str) -> Place:
    return Place(text, text[text.index("the ") :])
