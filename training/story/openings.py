"""How a story begins: the hero, the weather, the day, and what they set out to do."""

from __future__ import annotations

from story import lexicon as lex
from story.beats import animal_fact, bring, item_detail, item_facts, own, scenery
from story.english import an, cap, plural
from story.things import Character, Thing
from story.world import Story

_TIMES = ["morning", "morning", "afternoon", "day", "day"]


def _set_weather(s: Story, group: str, clock: str) -> str:
    """Choose the word for the weather; at night a fair one becomes one for nights."""
    if group == "any":
        group = s.one("fair", "fair", "fair", "wet", "wind")
    if clock == "night" and group == "fair":
        group = "night"
    s.weather = s.pick(_WEATHER[group])
    return s.weather


_WEATHER = {"fair": lex.FAIR, "wet": lex.WET, "snow": lex.SNOWY, "wind": lex.WINDY, "night": lex.NIGHTS}


def begin(
    s: Story,
    action: str,
    *,
    weather: str = "fair",
    item: Thing | None = None,
    companion: Character | None = None,
    hobby: bool = True,
    trait: str = "",
    home: bool = True,
    clock: str = "",
) -> None:
    """Introduce the hero (and what they own), then say what they did that day: 'walked to the park'."""
    word = _set_weather(s, weather, clock)
    time = clock or s.pick(_TIMES)
    style = s.rng.random()
    if style < 0.26:
        _classic(s, trait, hobby, home)
    elif style < 0.36:
        _home_first(s, trait, hobby)
    elif style < 0.48:
        _trait_first(s, trait, home)
    elif style < 0.62 and item:
        _item_first(s, item)
        item = None
    elif style < 0.66:
        _narrator(s, trait, hobby)
    elif style < 0.70:
        _wake_up(s, word, time, action, companion)
        _after(s, item)
        return
    else:
        _day_first(s, word, time, action, companion, trait)
        _after(s, item)
        return
    if item:
        own(s, item)
    s.para()
    _one_day(s, word, time, action, companion)
    _weather_fact(s, word)
    _after(s, None)


def _after(s: Story, item: Thing | None) -> None:
    if item:
        bring(s, item)
    scenery(s, 0.35)
    if s.chance(0.7):
        _detail(s, item)


def _detail(s: Story, item: Thing | None) -> None:
    """A small thing to remember that the plot does not need."""
    h = s.hero
    roll = int(s.rng.random() * 9)
    if roll <= 1 and h.human and not (item and item.wear) and not s.night:
        cloth = s.fresh(
            ["coat", "hat", "scarf", "cap", "sweater", "jacket", "shirt", "pair of boots", "pair of mittens"]
        )
        color = s.pick(lex.COLORS[:9])
        noun = cloth.replace("pair of ", "")
        s.add(
            f"{h} was wearing {an(f'{color} {cloth}') if noun == cloth else f'{color} {noun}'} that day.",
            f"{h} wore {h.his} {color} {noun}.",
        )
        s.q("color", f"What color {'were' if noun != cloth else 'was'} the {noun} that {h} wore?", color)
    elif roll <= 3 and not s.night:
        food = s.pick(lex.SNACKS)[1]
        s.add(
            f"{h} had eaten {food} for breakfast and was in a good mood.",
            f"{h} had eaten {food} for breakfast, and there were still some left at home.",
            f"For breakfast, there had been {food}.",
        )
        s.q(
            "food",
            f"What did {h} eat for breakfast?"
            if "there had" not in s.sentences[-1]
            else "What was there for breakfast?",
            food,
        )
    elif roll <= 5 and h.human and not s.night:
        small = s.fresh(lex.TREASURES[:12])
        color = s.pick(lex.COLORS)
        s.add(
            f"In {h.his} pocket was {an(f'{color} {small}')}.",
            f"{h.He} had {an(f'{color} {small}')} in {h.his} pocket, for luck.",
        )
        s.q("what", f"What was in {h.s} pocket?", an(f"{color} {small}"))
    elif roll == 6 and s.away and s.weather in lex.FAIR + lex.WINDY:
        color, insect = s.pick(lex.COLORS[:9]), s.one("butterfly", "dragonfly", "beetle", "bird")
        s.add(
            f"{an(f'{color} {insect}').capitalize()} flew past.", f"Along the way, {h} saw {an(f'{color} {insect}')}."
        )
        s.q(
            "color",
            f"What color was the {insect} that flew past?"
            if "flew" in s.sentences[-1]
            else f"What color was the {insect}?",
            color,
        )
    elif roll == 7 and s.away and not s.night:
        animals, count = s.pick([a for a in lex.FARM_ANIMALS if a != h.kind]), s.number(2, 9)
        s.add(
            f"On the way, {h} counted {count} {plural(animals)}.", f"{h} passed {count} {plural(animals)} on the way."
        )
        s.q(
            "count", f"How many {plural(animals)} did {h} {'count' if 'counted' in s.sentences[-1] else 'pass'}?", count
        )
    else:
        s.add(
            f"{h} hummed a little tune.",
            f"{h} had a good feeling about it.",
            f"{h} took a deep breath and looked around.",
            f"{h} felt that something special was going to happen.",
            f"{h} was wide awake and full of ideas.",
            f"{h} smiled for no reason at all.",
        ) if not s.night else s.maybe(0.5, *lex.NIGHT_SCENERY)


def _weather_fact(s: Story, word: str) -> None:
    s.q("weather", f"What kind of {'night' if s.night else 'day'} was it?", word)


def _named(s: Story, trait: str = "") -> str:
    """'a little girl named Lily', 'a shy fox named Pip'"""
    h = s.hero
    look = s.one("little", "young", "small", trait or "little")
    verb = s.one("named", "named", "named", "called")
    s.q("name", f"What was the name of the {h.kind}?", h.name)
    animal_fact(s, h)
    return f"{an(f'{look} {h.kind}')} {verb} {h}"


def _describe(s: Story, trait: str, hobby: bool, home: bool) -> None:
    h = s.hero
    roll = s.rng.random()
    if roll < 0.35:
        trait, other = trait or s.fresh(lex.TRAITS), s.fresh(lex.TRAITS)
        if other != trait:
            s.add(
                f"{h.He} was {trait} and {other}.",
                f"{h.He} was very {trait}.",
                f"Everyone said that {h} was {an(trait)} {h.kind}.",
            )
            s.q("trait", f"What was {h} like?", trait)
    elif roll < 0.7 and hobby:
        _hobby(s)
    elif home:
        place = s.pick(lex.CHILD_HOMES if h.human else lex.ANIMAL_HOMES)
        s.add(f"{h.He} lived {place}.", f"{h.His} home was {place}.", f"{h} lived {place} with {h.his} family.")
        s.q("where", f"Where did {h} live?", place)


def _hobby(s: Story) -> None:
    h = s.hero
    base, _, ing = s.pick(lex.ACTIVITIES)
    s.add(
        f"{h.He} loved to {base}.",
        f"{h.He} liked to {base} more than anything.",
        f"{h.His} favorite thing was to {base}.",
        f"Almost every day, {h.he} wanted to {base}.",
    )
    s.q("want", f"What did {h} love to do?", base)


def _classic(s: Story, trait: str, hobby: bool, home: bool) -> None:
    name = _named(s, trait)
    s.add(
        f"Once upon a time, there was {name}.",
        f"Once upon a time, there was {name}.",
        f"Once upon a time, there lived {name}.",
        f"Once there was {name}.",
        f"There once was {name}.",
        f"Long ago, there was {name}.",
        f"Once upon a time, in a faraway land, there was {name}.",
        f"A long time ago, there lived {name}.",
    )
    _describe(s, trait, hobby, home)
    if s.chance(0.2) and hobby and " loved " not in s.sentences[-1]:
        _hobby(s)


def _home_first(s: Story, trait: str, hobby: bool) -> None:
    h = s.hero
    place = s.pick(lex.CHILD_HOMES if h.human else lex.ANIMAL_HOMES)
    name = _named(s, trait)
    s.add(
        f"{cap(place)}, there lived {name}.",
        f"{cap(place)} lived {name}.",
        f"Once upon a time, {place}, there lived {name}.",
    )
    s.q("where", f"Where did {h} live?", place)
    _describe(s, trait, hobby, False)


def _trait_first(s: Story, trait: str, home: bool) -> None:
    h = s.hero
    trait = trait or s.fresh(lex.TRAITS)
    s.used.add(trait)
    base, _, ing = s.pick(lex.ACTIVITIES)
    s.add(
        f"{h} was {an(f'{trait} {h.kind}')} who loved to {base}.",
        f"{h} was {an(f'{trait} little {h.kind}')} who loved {ing}.",
        f"{h} the {h.kind} was {trait}, and {h.he} loved to {base}."
        if not h.human
        else f"{h} was {trait}, and {h.he} loved to {base}.",
    )
    animal_fact(s, h)
    if s.chance(0.5):
        s.q("trait", f"What was {h} like?", trait)
    if home and s.chance(0.3):
        place = s.pick(lex.CHILD_HOMES if h.human else lex.ANIMAL_HOMES)
        s.add(f"{h.He} lived {place}.", f"{h.His} home was {place}.", f"{h.He} lived {place} with {h.his} family.")
        s.q("where", f"Where did {h} live?", place)


def _item_first(s: Story, item: Thing) -> None:
    h = s.hero
    who = h.name if h.human else f"{h} the {h.kind}"
    s.add(
        f"{who} had {item.a}.",
        f"{who} had {item.a}.",
        f"{who} owned {item.a}.",
        f"More than anything else, {who} loved {h.his} {item.full}.",
    )
    item_facts(s, item)
    animal_fact(s, h)
    item_detail(s, item)


def _narrator(s: Story, trait: str, hobby: bool) -> None:
    name = _named(s, trait)
    s.add(
        f"This is the story of {name}.",
        f"Let me tell you about {name}.",
        f"Here is a story about {name}.",
        f"Far away, behind the hills, lived {name}.",
        f"Not so long ago, there was {name}.",
        f"In a place not far from here, there lived {name}.",
    )
    _describe(s, trait, hobby, True)


def _wake_up(s: Story, word: str, time: str, action: str, companion: Character | None) -> None:
    h = s.hero
    who = h.name if h.human else f"{h} the {h.kind}"
    if time in ("morning", "day") and lex.GROUP[word] == "fair":
        s.add(
            f'"What a {s.one("lovely", "beautiful", "perfect", "wonderful")} morning!" said {who}.',
            f"{who} woke up early and looked out at the morning sun.",
            f"When {who} opened {h.his} eyes, it was a {word} morning.",
        )
        s.add(
            f"After breakfast, {h.he} {action}{_with(companion)}.",
            f"{h.He} washed {h.his} face and {action}{_with(companion)}.",
        )
    else:
        s.add(f"It was {an(word)} {time}.")
        s.add(f"{who} {action}{_with(companion)}.")
        _weather_fact(s, word)
    animal_fact(s, h)


def _joint(action: str) -> str:
    """The action for a plural subject."""
    return "were " + action[4:] if action.startswith("was ") else action


def _with(companion: Character | None) -> str:
    return f" with {companion.first}" if companion else ""


def _day_first(s: Story, word: str, time: str, action: str, companion: Character | None, trait: str) -> None:
    h = s.hero
    if companion and s.chance(0.6):
        who = f"{h} and {companion.first}" if h.human else f"{h} the {h.kind} and {companion.first}"
        s.add(
            f"One {word} {time}, {who} {_joint(action)}.",
            f"One {word} {time}, {who} {_joint(action)}.",
            f"It was {an(word)} {time}, and {who} {_joint(action)}.",
        )
        animal_fact(s, h)
    elif s.chance(0.5):
        who = _named(s, trait)
        s.add(
            f"One {word} {time}, {who} {action}{_with(companion)}.",
            f"On {an(word)} {time}, {who} {action}{_with(companion)}.",
        )
    else:
        who = h.name if h.human else f"{h} the {h.kind}"
        animal_fact(s, h)
        date = s.one("On Monday", "On Tuesday", "On Wednesday", "On Thursday", "On Friday", "On Saturday", "On Sunday")
        options = [
            f"One {word} {time}, {who} {action}{_with(companion)}.",
            f"One {word} {time}, {who} {action}{_with(companion)}.",
            f"It was {an(word)} {time}, and {who} {action}{_with(companion)}.",
            f"It was {an(word)} {time}. {cap(who)} {action}{_with(companion)}.",
        ]
        if s.chance(0.25):
            s.add(f"{date}, {who} {action}{_with(companion)}. It was {an(word)} {time}.")
            s.q("when", "On what day of the week did the story begin?", date[3:])
        else:
            s.add(*options)
    _weather_fact(s, word)
    if s.chance(0.3) and not s.night:
        s.yn(false=f"Was it {s.one('a snowy night', 'a foggy night', 'the middle of the night')} when the story began?")


def _one_day(s: Story, word: str, time: str, action: str, companion: Character | None) -> None:
    h = s.hero
    who = s.one(h.name, h.he)
    if companion and s.chance(0.5):
        s.add(f"One {word} {time}, {h} and {companion.first} {_joint(action)}.")
    else:
        s.add(
            f"One {word} {time}, {who} {action}{_with(companion)}.",
            f"One {word} {time}, {who} {action}{_with(companion)}.",
            f"One {time}, {who} {action}{_with(companion)}. It was {an(word)} {time}.",
            f"Then, one {word} {time}, {who} {action}{_with(companion)}.",
        )
