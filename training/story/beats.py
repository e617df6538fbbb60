"""Beats shared by many plots: things, feelings, searches, thanks, meals, endings."""

from __future__ import annotations

from story import lexicon as lex
from story.english import an
from story.things import Character, Thing
from story.world import Story


# ---- things
def own(s: Story, item: Thing) -> None:
    """What the hero has."""
    who = s.hero
    s.add(
        f"{who} had {item.a}.",
        f"{who} had {item.a}, and {who.he} took it everywhere.",
        f"{who.His} favorite thing in the world was {item.a}.",
        f"{who.He} had {item.a} that {who.he} loved very much.",
    )
    item_facts(s, item)
    item_detail(s, item)


def item_facts(s: Story, item: Thing, who: Character | None = None) -> None:
    """Color and owner of a thing, as questions."""
    who = who or s.hero
    s.q("color", f"What color was the {item.noun}?", item.color)
    s.q("color", f"What color was {who.s} {item.noun}?", item.color)
    other = s.pick(lex.COLORS)
    if other != item.color:
        s.yn(f"Was the {item.noun} {item.color}?", f"Was the {item.noun} {other}?")
    s.q("owner", f"Who had {item.a}?", who.name)
    s.q("owner", f"Who did the {item.noun} belong to?", who.name)


def item_detail(s: Story, item: Thing) -> None:
    """Perhaps: who gave it to the hero, or how dear it is."""
    who = s.hero
    if s.chance(0.45):
        giver = s.one("grandmother", "grandfather", "aunt", "uncle", "mother", "father")
        if giver in s.used:
            return
        s.used.add(giver)
        s.add(
            f"It was a present from {who.his} {giver}.",
            f"{who.His} {giver} had given it to {who.him}.",
            f"{who.He} had gotten it from {who.his} {giver} for {who.his} birthday.",
        )
        s.q("who", f"Who gave {who} the {item.noun}?", f"{who.his} {giver}")
    elif s.chance(0.3):
        s.add(
            f"{who.He} took very good care of it.",
            f"It was not new, but {who.he} loved it.",
            "There was no other one quite like it.",
            f"{who.He} would not have traded it for anything.",
        )


def bring(s: Story, item: Thing) -> None:
    """The hero has a thing along, or wears it."""
    h = s.hero
    if item.wear:
        s.add(f"{h.He} was wearing {h.his} {item.full}.", f"{h.He} wore {an(item.full)}.")
    else:
        s.add(
            f"{h.He} had {h.his} {item.full} with {h.him}.",
            f"{h.He} took {h.his} {item.full} along.",
            f"Of course, {h.he} brought {h.his} {item.full}.",
        )
    item_facts(s, item)
    if s.chance(0.5):
        item_detail(s, item)


def animal_fact(s: Story, who: Character) -> None:
    """The kind of animal somebody is, as a question."""
    if not who.human:
        s.q("animal", f"What kind of animal was {who}?", who.kind)


# ---- middle beats
def scenery(s: Story, p: float = 0.5) -> None:
    """With probability p, a sentence about sky, air or land."""
    if s.night:
        s.maybe(p, *lex.NIGHT_SCENERY)
    else:
        s.maybe(p, *lex.SCENERY[lex.GROUP[s.weather]])


def sad(s: Story) -> None:
    """The hero is sad."""
    w = s.hero
    s.add(
        f"{w} felt very sad.",
        f"A tear rolled down {w.s} cheek.",
        f"{w} wanted to cry.",
        f"{w.s} heart sank.",
        f"{w} sat down and sighed.",
        f"{w} did not know what to do.",
        f"{w.s} eyes filled with tears.",
        f"Poor {w} felt a lump in {w.his} throat.",
        f"{w} hung {w.his} head.",
    )


def glad(s: Story) -> None:
    """The hero is glad."""
    w = s.hero
    s.add(
        f"{w} was so happy that {w.he} danced in a circle.",
        f"{w} smiled from ear to ear.",
        f"{w} clapped and laughed.",
        f"{w.s} heart felt light.",
        f"{w} felt warm all over.",
        f"{w} jumped for joy.",
        f"A big smile spread across {w.s} face.",
        f"{w} was as happy as could be.",
        f"{w.s} eyes shone with joy.",
        f"{w} laughed out loud.",
        f"{w} felt a warm glow inside.",
    )


def worried(s: Story) -> None:
    """The hero is worried."""
    w = s.hero
    s.add(
        f"{w} was worried.",
        f"{w.s} heart beat fast.",
        f"{w} swallowed hard.",
        f"{w} felt a flutter in {w.his} tummy.",
        f"{w} bit {w.his} lip.",
        f"{w} took a small step back.",
        f"{w.s} knees began to shake.",
        f"{w} held {w.his} breath.",
    )


def search(s: Story, thing: str, spots: list[str]) -> str:
    """Look in two or three places; the thing turns up in the last one. Returns that place."""
    w = s.hero
    places = s.some(spots, 3)
    found = places[-1]
    s.add(
        f"{w} looked {places[0]}, but it was not there.",
        f"First {w.he} looked {places[0]}. Nothing!",
        f"{w} searched {places[0]}. It was not there.",
    )
    if s.chance(0.7):
        s.add(
            f"{w.He} looked {places[1]}, but found only "
            f"{s.one('dust', 'a spider', 'an old sock', 'some crumbs', 'a dry leaf')}.",
            f"Then {w.he} looked {places[1]}. Still nothing.",
            f"{w.He} even looked {places[1]}.",
        )
        s.yn(f"Did {w} look {places[1]}?")
    s.yn(false=f"Was the {thing} {places[0]}?")
    return found


def thanks(s: Story, giver: Character) -> None:
    """The hero says thank you."""
    address = f"little {giver.kind}" if giver.he == "it" else giver.address or giver.name
    s.say(
        s.hero,
        f"Thank you, {address}!",
        "Thank you so much!",
        "Thank you! You are so kind.",
        "Oh, thank you!",
        mood=s.one("", "happy"),
    )
    s.maybe_say(
        0.6,
        giver,
        "You are welcome!",
        "That is what friends are for.",
        "I am glad that I could help.",
        "It was my pleasure.",
        "Any time!",
        "Helping you made me happy too.",
        mood=s.one("", "kind"),
    )


def small_talk(s: Story, a: Character, b: Character) -> None:
    """An optional exchange that gives the story room to breathe."""
    roll = int(s.rng.random() * 6)
    color = s.pick(lex.COLORS)
    if roll == 0:
        s.say(a, "What is your favorite color?")
        s.say(b, f"I like {color} the best.", f"My favorite color is {color}.")
        s.q("say", f"What was {b.s} favorite color?", color)
    elif roll == 1:
        base = s.pick(lex.ACTIVITIES)[0]
        s.say(a, "What shall we do tomorrow?")
        s.say(b, f"Let's {base}!", f"Maybe we can {base}.")
        s.q("say", f"What did {b} want to do tomorrow?", base)
    elif roll == 2:
        food = s.pick(lex.SNACKS)[1]
        s.say(a, "I am a little hungry.")
        s.say(b, f"I wish we had some {food}.", f"I would like some {food}.")
        s.q("want", f"What did {b} wish to eat?", food)
    elif roll == 3:
        s.say(a, "Do you hear that?")
        insect = s.one("cricket", "frog", "bee", "woodpecker", "cow")
        s.say(b, f"It is only a {insect}.", "It is just the wind.")
    elif roll == 4:
        number = s.number(3)
        s.say(a, "How many clouds can you see?" if not s.night else "How many stars can you count?")
        s.say(b, f"I can see {number}.")
        s.q("count", f"How many {'stars' if s.night else 'clouds'} did {b} see?", number)
    else:
        s.say(a, "Are you tired?", "Shall we rest?")
        s.say(b, "Not at all.", "Just a little.", "No, I could go on all day!")


def _eat(s: Story, who: str, asked: str) -> None:
    """A shared meal at the end: 'Tom and Mia' had soup."""
    food, drink = s.one(s.pick(lex.DISHES), s.pick(lex.SNACKS)[1]), s.pick(lex.DRINKS)
    s.add(
        f"Then {who} ate {food} and drank {drink}.",
        f"Afterward, {who} had {food} and {drink}.",
        f"To celebrate, {who} shared {food}.",
        f"That evening, {who} had {food} for dinner.",
    )
    if drink in s.sentences[-1]:
        s.q("food", f"What did {asked} drink?", drink)
    s.q("food", f"What did {asked} eat?", food)


# ---- endings
def close(s: Story, *morals: str, friend: Character | None = None) -> None:
    """One to three closing sentences."""
    h = s.hero
    roll = s.rng.random()
    if morals and roll < 0.6:
        s.add(*morals)
        if roll < 0.25:
            return
    if roll > 0.85 and friend and not s.night:
        _eat(s, f"{h} and {friend}", "they")
    elif friend and '"' not in s.sentences[-1] and s.chance(0.3):
        small_talk(s, h, friend)
    if friend and s.chance(0.4):
        s.add(
            f"From that day on, {h} and {friend} were the best of friends.",
            f"{h} and {friend} walked home {s.one('side by side', 'together', 'singing', 'under the setting sun')}.",
            f"After that, {h} and {friend} spent every {s.one('Saturday', 'Sunday', 'afternoon')} together.",
            f"{h} gave {friend} a big hug.",
            f"And {h} and {friend} lived happily, as good friends do.",
        )
    elif roll < 0.7 or not morals:
        s.add(*_last_lines(s, h))
    if roll < 0.08:
        s.add("The end.")


def _last_lines(s: Story, h: Character) -> list[str]:
    lines = [
        f"{h} never forgot it.",
        f"{h} could not wait to tell everyone about it.",
        f"{h} was happy, and so was everyone else.",
        f"{h} knew that tomorrow would be a good day too.",
        f"And {h} felt that all was well.",
    ]
    if not s.night:
        lines += [
            f"That night, {h} fell asleep with a smile.",
            f"It was a day that {h} would never forget.",
            f"When {h} went to bed, {h.he} was tired and happy.",
            f"That night, {h} dreamed sweet dreams.",
            "Everyone agreed that it had been a wonderful day.",
            f"At bedtime, {h} thought about the day and smiled.",
            "And so the day ended well.",
            "It had been a very good day.",
        ]
        if s.away:
            lines += [
                f"{h} went home with a happy heart.",
                f"And {h} smiled all the way home.",
                "The sun was already low in the sky.",
                f"{h} sang all the way home.",
            ]
    return lines
