"""Something hidden comes to light: treasure, an heirloom, a thief, a friend."""

from __future__ import annotations

from story import beats as b
from story import lexicon as lex
from story.english import an, cap
from story.openings import begin
from story.world import Story


def found_treasure(s: Story) -> None:
    """The hero finds something precious and looks for its owner."""
    h, place = s.cast(0.65), s.outdoor()
    item = s.thing(["ring", "necklace", "purse", "watch", "key", "coin", "bracelet", "locket", "medal", "brooch"])
    spot = s.pick(lex.SPOTS_OUT)
    begin(s, s.one(f"went {place.to}", f"was playing {place.at}", f"took a walk {place.to}"))
    s.add(
        f"Something shiny was lying {spot}. It was {item.a}!",
        f"{spot}, {h.he} found {item.a}.",
        f"{h} saw something {spot}. It was {item.a}.",
    )
    s.q("what", f"What did {h} find?", item.noun)
    s.q("color", f"What color was the {item}?", item.color)
    s.q("where", f"Where did {h} find the {item}?", spot)
    s.say(h, "It is so pretty! I want to keep it.", "Somebody must have lost this.", "Whose is it?")
    s.add(
        f"{h} thought about keeping it, but it was not {h.his} {item}.".replace("not his", "not really his").replace(
            "not her", "not really her"
        ),
        f"{h} knew that somewhere, somebody was looking for it.",
        f"{h} turned it over. It was lovely, but it was not {'his' if h.he == 'he' else 'hers'}.",
    )
    s.para()
    asked = s.neighbor()
    s.add(
        f"{h} asked {asked.first}. {asked.He} shook {asked.his} head.",
        f"First {h} asked {asked.first}, but it was not {asked.his} {item}.",
    )
    s.yn(false=f"Did the {item} belong to {asked}?")
    owner = s.neighbor() if s.chance(0.6) else s.friend()
    s.add(
        f"Then {h.he} saw {owner.first}. {owner.He} was looking for something on the ground.",
        f"Near the corner, {h.he} met {owner.first}, who looked very sad.",
    )
    s.say(h, f"Did you lose {an(item.noun)}?", f"Is this your {item}?")
    s.say(
        owner,
        f"My {item}! I looked for it everywhere.",
        "You found it! I thought it was gone forever.",
        "Yes! My mother gave it to me long ago.",
    )
    s.q("owner", f"Who did the {item} belong to?", owner.name)
    if s.chance(0.6):
        reward = s.pick(lex.SNACKS)
        n = s.number(2, 6)
        s.add(f"To thank {h}, {owner} gave {h.him} {n} {reward[1]}.")
        s.q("count", f"How many {reward[1]} did {h} get?", n)
    else:
        s.say(owner, "You are an honest friend.", "Thank you for being so honest.", mood="kind")
    b.close(
        s,
        f"{h} was glad that {h.he} had been honest.",
        "Doing the right thing feels better than any treasure.",
        "Giving it back felt even better than finding it.",
    )


def treasure_map(s: Story) -> None:
    """An old map leads two friends past two places to a buried box."""
    h = s.cast(0.75)
    f = s.friend()
    inside = s.one("in an old book", "in a bottle", "behind a loose brick", "in a dusty box", "under a floorboard")
    begin(s, f"found an old map {inside}", weather="fair")
    s.q("where", f"Where did {h} find the map?", inside)
    s.add(f"{h} ran to show it to {f.first}.", f"{h} called {f.first} at once.")
    b.animal_fact(s, f)
    s.say(f, "It shows the way to a treasure!", "Look, there is a red cross on it!", "Let's follow it!")
    steps = [s.outdoor() for _ in range(3)]
    n = s.number(5, 12)
    s.add(f"The map led them {steps[0].to}.", f"First they went {steps[0].to}.")
    s.q("where", "Where did the map lead them first?", steps[0].name)
    b.scenery(s)
    s.add(f"From there, they walked {steps[1].to}.", f"Next they had to go {steps[1].to}.")
    s.add(f"At last, they came {steps[2].to} and took {n} big steps.")
    s.q("count", "How many steps did they take at the end?", n)
    s.q("where", "Where did they dig?", steps[2].name)
    s.para()
    s.say(h, "This must be the place. Let's dig!", "Here it is! Start digging.")
    box = s.thing(["box", "chest", "jar", "suitcase"])
    s.add(f"They dug until they hit something hard. It was {box.a}!", f"Deep in the earth was {box.a}.")
    s.q("color", f"What color was the {box}?", box.color)
    what = s.one(
        "old photographs", "marbles", "a letter from long ago", "chocolate coins", "tiny toys", "beautiful shells"
    )
    s.add(
        f"Inside, there was no gold. It was full of {what}."
        if not what.startswith("a ")
        else f"Inside, there was no gold, only {what}."
    )
    s.q("what", f"What was in the {box}?", what)
    s.yn(false=f"Was there gold in the {box}?")
    s.say(f, "This is better than gold!", "What an adventure!", "I wonder who put it there.", mood=s.one("", "happy"))
    s.maybe(
        0.6,
        "They shared it and buried something new for the next treasure hunter.",
        f"It had belonged to {h.s} grandfather when he was young.",
    )
    b.close(s, "The best part of a treasure hunt is the friend beside you.", friend=f)


def attic_music_box(s: Story) -> None:
    """An old thing from the attic has a story to it."""
    h = s.lead(s.child())
    e = s.elder()
    item = s.thing(
        ["music box", "clock", "photograph", "dress", "compass", "telescope", "toy train", "doll", "diary", "suitcase"]
    )
    begin(s, "climbed up to the attic", weather=s.one("wet", "wind"))
    s.add(
        "Everything was covered in dust.",
        "It smelled of old wood and old stories.",
        "A thin line of light fell through the window.",
    )
    box = s.one("an old chest", "a cardboard box", "a broken cupboard", "a pile of blankets")
    s.add(f"In {box}, {h} found {an(item.full)}." if "pile" not in box else f"Under {box}, {h} found {an(item.full)}.")
    s.q("what", f"What did {h} find in the attic?", item.noun)
    s.q("color", f"What color was the {item}?", item.color)
    s.q("where", f"Where was the {item}?", box)
    s.say(h, "I wonder whose it was.", "How old is it?", "It is beautiful!")
    s.add(f"{h} carried it down to {e.first}.", f"{h} showed it to {e.first}.")
    s.para()
    s.add(f"{e.cap} looked at it for a long time and smiled.", f"{e.cap} held it with both hands.")
    age = s.number(5, 12)
    s.say(e, f"I got this when I was {age} years old.", f"I was {age} when it was given to me.", mood="calm")
    s.q("count", f"How old was {e} when {e.he} got the {item}?", age)
    from_ = s.one("my best friend", "my teacher", "my big sister", "a kind sailor", "my old neighbor")
    s.say(e, f"It was a present from {from_}.", f"{cap(from_)} gave it to me.", mood="calm")
    s.q("who", f"Who gave the {item} to {e}?", from_)
    s.say(h, "Tell me more!", "What happened then?", "Were you happy?")
    happened = s.one(
        "they had sailed across a lake",
        "they had walked through a snowstorm",
        "they had danced all night at a fair",
        "they had hidden from a thunderstorm in a barn",
        "they had watched the first star together",
    )
    s.add(f"So {e} told the story of how {happened}.", f"{e.cap} told {h} how {happened}.")
    s.q("what", f"What was the story of {e} about?", happened)
    scene = s.one(
        "The rain on the roof sounded like music.",
        "Outside, the day grew dark, but they did not notice.",
        "They forgot to turn on the light.",
    )
    s.maybe(0.6, scene)
    s.say(e, "Now it belongs to you.", "I want you to have it.", "Take good care of it for me.", mood="kind")
    s.q("owner", f"Who has the {item} at the end?", h.name)
    s.add(f"{h} put it beside {h.his} bed.", f"{h} hugged {e.him} tight.")
    b.close(s, "Old things hold long stories.", f"One day, {h} would tell the story too.")


def garden_detective(s: Story) -> None:
    """Vegetables are missing, and a clue leads to a hungry animal family."""
    h = s.cast(0.7)
    e = s.elder()
    one, many = s.pick(lex.VEGETABLES)
    c = s.creature(["rabbit", "mole", "mouse", "hedgehog", "squirrel", "fawn", "turtle", "lamb", "chipmunk"])
    begin(s, f"went to the garden to look at the {many}", home=False)
    n = s.number(3, 9)
    s.add(f"But {n} {many} were gone!", f"There were {n} empty holes where the {many} had been.")
    s.q(
        "count",
        f"How many {many} were missing?" if "gone" in s.sentences[-1] else "How many empty holes were there?",
        n,
    )
    s.say(h, f"Somebody is eating our {many}!", "Who did this?", "We have a thief!")
    s.add(f'"Let\'s find out who it is," said {e.first}.', f'"Maybe you can solve the mystery," said {e.first}.')
    s.para()
    tool = s.thing(["magnifying glass", "flashlight", "notebook", "telescope"])
    s.add(
        f"{h} took {an(tool.full)} and began to search for clues.", f"With {an(tool.full)}, {h} looked at the ground."
    )
    s.q("color", f"What color was the {tool}?", tool.color)
    clue = s.one("small footprints", "a bit of fur", "a trail of crumbs", "a hole under the fence", "tiny teeth marks")
    s.add(
        f"{h.He} found {clue}.",
        f"Beside the gate, there was something. It was {clue}."
        if clue != "small footprints" and clue != "tiny teeth marks"
        else f"Beside the gate, {h.he} found {clue}.",
    )
    s.q("what", f"What clue did {h} find?", clue)
    spot = s.pick(lex.HIDING)
    s.add(f"That night, {h} hid {spot} and waited.", f"In the evening, {h} sat {spot} and kept very still.")
    s.q("where", f"Where did {h} wait?", spot)
    s.add(f"Then {c.first} crept out of the shadows.", f"After a long time, {c.first} came.")
    s.q("animal", f"What animal ate the {many}?", c.kind)
    babies = s.number(2, 6)
    s.add(f"It had {babies} hungry little ones to feed.", f"Behind it came {babies} tiny babies.")
    s.q("count", f"How many babies did {c} have?", babies)
    s.say(h, "You only wanted to feed your family.", "So it was you! You must be very hungry.", mood="kind")
    s.add(f"The next day, {h} and {e} planted an extra row of {many}, just for {c}.")
    b.close(s, "There was enough for everyone.", "Not every thief is bad. Some are only hungry.")


def hide_and_seek(s: Story) -> None:
    """One of the hidden friends does not come out again: fast asleep."""
    h = s.cast(0.6)
    fs = [s.friend(), s.friend()]
    place = s.outdoor()
    begin(s, f"played hide and seek {place.at} with {fs[0]} and {fs[1]}")
    s.q("what", "What game did they play?", "hide and seek")
    n = s.one("ten", "twenty", "thirty", "fifty")
    s.add(f"{h} closed {h.his} eyes and counted to {n}.", f"{h} was the seeker and counted to {n}.")
    s.q("count", f"How far did {h} count?", n)
    s.say(h, "Ready or not, here I come!", "I will find you all!")
    spots = s.some(lex.HIDING, 3)
    s.add(f"{h} found {fs[0]} {spots[0]}.", f"Soon {h} saw a foot {spots[0]}. It was {fs[0]}!")
    s.q("where", f"Where was {fs[0]} hiding?", spots[0])
    s.add(f"But {fs[1]} was nowhere to be found.", f"But where was {fs[1]}?")
    s.para()
    s.add(f"They looked {spots[1]}. They called and called.", f"{h} and {fs[0]} searched for a long time.")
    s.say(fs[0], f"{fs[1]}, you can come out now!", "I am getting worried.", "Maybe something happened.")
    s.add(
        f"Then they heard a soft snore. {fs[1]} was {spots[2]}, fast asleep!",
        f"At last, they found {fs[1]} {spots[2]}. {fs[1].He} had fallen asleep!",
    )
    s.q("where", f"Where did they find {fs[1]}?", spots[2])
    s.q("why", f"Why did {fs[1]} not come out?", "asleep")
    s.say(fs[1], "Did I win?", "Is the game over?", "What time is it?", mood="")
    s.add("They all laughed until their sides hurt.", f"{h} laughed so hard that {h.he} had to sit down.")
    s.chance(0)  # drawn and not used; without it every later text of a seed would change
    b.close(
        s, "It was the best hiding place ever.", f"After that, {fs[1]} was called the champion of hiding.", friend=fs[0]
    )
