"""Family."""

from __future__ import annotations

from story import beats as b
from story import lexicon as lex
from story.english import an, some_cake
from story.openings import begin
from story.world import Story


def forgotten_birthday(s: Story) -> None:
    """Everybody seems to have forgotten a birthday: there is a surprise party."""
    h = s.cast(0.6)
    friends = [s.friend() for _ in range(2)]
    e = s.elder()
    age = s.number(4, 9)
    begin(s, s.one("woke up very excited", "jumped out of bed with a big smile"), clock="morning", weather="any")
    s.add(f"It was {h.s} birthday! {h.He} was {age} years old.", f"Today {h.he} was turning {age}.")
    s.q("count", f"How old was {h}?", age)
    s.add(f"But {e.first} only said good morning.", f"But {e.first} did not say anything about it.")
    s.add(
        f"{h} went to see {friends[0].first}, but {friends[0].he} was too busy to play.",
        f"{friends[0].first} ran past and did not stop.",
        f"{h} met {friends[0].first}, but {friends[0].he} had to hurry away.",
    )
    b.animal_fact(s, friends[0])
    s.say(h, "Did everyone forget?", "Maybe nobody remembers my birthday.", mood="sad")
    b.sad(s)
    s.para()
    place = s.place()
    s.add(f"In the afternoon, {e} asked {h} to come {place.to}.", f"Later, {e} took {h} {place.to}.")
    s.sentences.append(
        s.one(
            '"Surprise!" everyone shouted.',
            '"Happy birthday!" called many voices.',
            f'"Surprise, {h}!" they all cried.',
        )
    )
    s.q("where", "Where was the surprise party?", place.at)
    s.facts[-1].answer = place.name
    food = s.pick(lex.CAKES)
    s.add(
        f"There was {some_cake(food)} and there were balloons everywhere.",
        f"There was {some_cake(food)} with {age} candles.",
    )
    s.q("food", "What was there to eat at the party?", food)
    gift = s.thing()
    s.add(f"{friends[1].first} gave {h.him} {gift.a}.", f"{friends[1].first} had brought a present. It was {gift.a}.")
    s.q("who", f"Who gave {h} the {gift}?", friends[1].name)
    s.q("color", f"What color was the {gift}?", gift.color)
    s.say(
        h,
        "I thought that you had all forgotten!",
        "This is the best birthday ever!",
        "You remembered!",
        mood=s.one("", "happy"),
    )
    s.say(
        e,
        "How could we forget you?",
        "We wanted to surprise you.",
        "We would never forget your birthday.",
        mood=s.one("", "kind"),
    )
    b.glad(s)
    b.close(s, f"It was the best birthday {h} had ever had.", f"{h} knew that {h.he} was loved.")


def baby_sibling(s: Story) -> None:
    """A new baby gets all the attention until the hero makes it laugh."""
    h = s.cast(0.85, lex.HOLDERS)
    e = s.elder()
    baby = s.child() if h.human else s.animal(lex.HOLDERS)
    baby.kind, baby.human = h.kind if not h.human else baby.kind, h.human
    word = "sister" if baby.he == "she" else "brother"
    begin(s, f"got a new baby {word}", weather="any", home=False)
    s.add(f"The baby was called {baby}.", f"The name of the baby was {baby}.")
    s.q("name", f"What was the name of the baby {word}?", baby.name)
    s.add(
        f"Everybody wanted to see {baby}. Nobody had time for {h}.", f"{baby} cried all night, and everyone was tired."
    )
    s.say(
        h,
        "Nobody looks at me anymore.",
        "I liked it better before.",
        f"All {baby} does is cry and sleep.",
        mood=s.one("sad", "cross"),
    )
    b.sad(s)
    s.para()
    s.add(f"Then {e.first} sat down next to {h}.", f"{e.first} saw {h.his} face and sat down.")
    s.say(
        e,
        "You were once that small too.",
        f"{baby} needs a big {'brother' if h.he == 'he' else 'sister'} like you.",
        "There is enough love for both of you.",
        mood="kind",
    )
    s.q("who", f"Who talked to {h}?", e.name)
    item = s.thing(["rattle", "blanket", "teddy bear", "music box", "stuffed rabbit", "doll", "pillow"])
    s.add(
        f"{h} thought about it. Then {h.he} brought {an(item.full)}.",
        f"{h} went to {h.his} room and came back with {an(item.full)}.",
    )
    s.q("color", f"What color was the {item}?", item.color)
    s.q("what", f"What did {h} bring?", item.noun)
    s.add(f"{h} sang a little song about {s.one('the moon', 'a sleepy bear', 'a duck', 'the stars', 'a boat')}.")
    s.q("what", "What was the song about?", s.sentences[-1].split("about ")[1][:-1])
    s.add(f"{baby} stopped crying and smiled.", f"{baby} looked up and laughed for the very first time.")
    s.say(e, "Look, that smile is for you!", f"{baby} likes you best of all.", mood="happy")
    b.glad(s)
    b.close(
        s,
        f"{h} was proud to be a big {'brother' if h.he == 'he' else 'sister'}.",
        "Love does not get smaller when it is shared.",
    )


def letter_far_away(s: Story) -> None:
    """A letter to somebody far away is answered with a package."""
    h = s.lead(s.child())
    e = s.elder()
    while e.kind in ("mother", "father"):
        s.used.discard(e.kind)
        e = s.elder()
    land = s.one(
        "across the sea",
        "on the other side of the mountains",
        "in a faraway city",
        "on a small island",
        "in another country",
    )
    begin(s, f"wrote a letter to {e.first}", weather="any")
    s.add(f"{e.cap} lived {land}.", f"{e.cap} lived {land}, and {h} missed {e.him}.")
    s.q("where", f"Where did {e} live?", land)
    s.q("who", f"Who did {h} write to?", e.name)
    drawing = s.pick(lex.ZOO_ANIMALS + lex.SEA_CREATURES[:4])
    s.add(
        f"{h} drew a picture of {an(drawing)} and put it in the envelope.", f"At the bottom, {h.he} drew {an(drawing)}."
    )
    s.q("what", f"What did {h} draw?", drawing)
    env = s.pick(lex.BRIGHT)
    s.add(
        f"{h.He} put the letter into {an(env)} envelope and took it to the post office.",
        f"The envelope was {env}. {h} dropped it into the mailbox.",
    )
    s.q("color", "What color was the envelope?", env)
    s.para()
    s.add("Then came the waiting.", "Days went by.", f"Every morning, {h} looked in the mailbox.")
    s.maybe_say(0.6, h, "Maybe the letter got lost.", "Still nothing!", mood="sad")
    n = s.number(6, 12)
    s.add(f"After {n} days, a package came.", f"{n} days later, there was a package at the door.")
    s.q("count", "After how many days did the package come?", n)
    gift = s.thing()
    s.add(f"Inside was {gift.a} and a long letter.", f"{h} opened it. There was {gift.a} inside!")
    s.q("what", "What was in the package?", gift.noun)
    s.q("color", f"What color was the {gift}?", gift.color)
    s.add(
        'The note said, "I think of you every day."',
        f'"I will visit you in the {s.one("spring", "summer", "fall", "winter")}," the note said.',
    )
    b.glad(s)
    b.close(s, "Even far away, love finds its way.", f"{h} sat down and began a new letter at once.")


def broken_vase(s: Story) -> None:
    """The hero breaks something, lies about it and then tells the truth."""
    h, e = s.cast(0.8), s.elder()
    item = s.thing(["vase", "teapot", "mirror", "lamp", "bowl", "plate", "mug", "pitcher"])
    room = s.one("in the living room", "in the kitchen", "in the hallway")
    begin(s, s.one(f"was playing ball {room}", f"was running around {room}"), weather=s.one("wet", "fair"))
    s.add(
        f"Crash! {item.a} fell to the floor and broke.".replace("! a", "! A"),
        f"{h} bumped into the table, and {item.a} fell and broke.",
    )
    s.q("what", f"What did {h} break?", item.noun)
    s.q("color", f"What color was the {item}?", item.color)
    s.add(f"It was the favorite {item} of {e.first}.", f"It belonged to {e.first}.")
    s.q("owner", f"Who did the {item} belong to?", e.name)
    hide = s.pick(lex.HIDING_IN)
    s.add(f"{h} was scared and hid the pieces {hide}.", f"Quickly, {h} put the pieces {hide}.")
    s.q("where", f"Where did {h} hide the pieces?", hide)
    if s.chance(0.4):
        s.say(e, f"Have you seen my {item}?", f"Where is my {item}?")
    else:
        s.add(f'Soon {e} came in and asked, "Where is my {item}?"')
    lie = s.one("The cat took it", "The wind blew it down", "I don't know", "A bird flew in and broke it")
    s.say(h, f"{lie}.", mood="shy")
    s.q("say", f"What did {h} say at first?", lie)
    s.para()
    s.add(
        f"But {h} felt bad. {h.He} could not eat dinner.",
        f"All evening, {h} had a bad feeling in {h.his} tummy.",
        f"{h} tried to play, but it was no fun anymore.",
    )
    s.add(f"At last, {h} told the truth.", f"In the end, {h.he} went to {e}.")
    s.say(h, f"I broke your {item}. I am sorry.", "It was me. I am so sorry that I lied.", mood="sad")
    s.say(
        e,
        "Thank you for telling me.",
        f"I am sad about the {item}, but I am glad you told the truth.",
        "That was brave of you.",
        mood="kind",
    )
    s.yn(f"Did {h} tell the truth in the end?")
    s.maybe(
        0.6,
        f"Together they glued the {item} back together.",
        "They cleaned up the pieces together.",
        f"{h} made {e.him} a new one out of clay.",
    )
    b.close(
        s,
        "It is always better to tell the truth.",
        f"After that, {h} felt light and free again.",
        f"{h} never told a lie like that again.",
    )
