"""Making and mending."""

from __future__ import annotations

from story import beats as b
from story import lexicon as lex
from story.english import an
from story.openings import begin
from story.world import Story


def broken_toy(s: Story) -> None:
    """A toy breaks and is mended together."""
    h = s.cast(0.8, lex.HOLDERS)
    item = s.thing(
        [
            t
            for t in lex.TOYS
            if t
            not in (
                "ball",
                "balloon",
                "marble",
                "building block",
                "jump rope",
                "card",
                "bouncy ball",
                "frisbee",
                "rubber duck",
            )
        ]
        + lex.VEHICLES[:4]
    )
    begin(s, s.one(f"was playing with {h.his} {item}", f"went outside with {h.his} {item}"), item=item)
    s.add(
        f"Then {h} tripped, and the {item} fell on a stone.",
        f"But {h} was not careful, and the {item} hit the ground.",
        f"{h} ran too fast and fell. The {item} fell too.",
    )
    s.add("Crack! It was broken.", f"When {h.he} picked it up, it was broken.")
    s.q("what", "What broke?", item.noun)
    b.sad(s)
    s.para()
    helper = s.one(s.elder, s.neighbor)()
    s.add(f"{h} carried the pieces to {helper.first}.", f"{h} showed the broken {item} to {helper.first}.")
    s.say(h, f"My {item} is broken. Can you fix it?", f"Can you mend my {item}?", mood=s.one("", "sad"))
    s.say(
        helper,
        "Let's see what we can do.",
        "I think so. Hand me the glue.",
        "We can fix it together.",
        "Broken things can often be mended.",
        mood=s.one("", "kind"),
    )
    s.q("helper", f"Who helped {h} fix the {item}?", helper.name)
    tools = s.one(
        "glue and string",
        "a hammer and tiny nails",
        "tape and a bit of wire",
        "glue and paint",
        "a tiny screwdriver and some glue",
    )
    s.add(
        f"They worked with {tools} until it was done.",
        f"{helper.cap} took {tools} and went to work while {h} watched.",
        f"With {tools}, they put the pieces back together.",
    )
    s.q("how", f"What did they use to fix the {item}?", tools)
    s.add(
        f"There was a little line where it had cracked, but {h} did not mind.",
        f"The {item} looked as good as new.",
        f"Now the {item} was stronger than before.",
    )
    b.glad(s)
    b.thanks(s, helper)
    b.close(
        s,
        f"{h} was more careful after that.",
        f"{h} loved the {item} even more than before.",
        "Some things are worth fixing.",
    )


def build_together(s: Story) -> None:
    """What one could not build alone, three can."""
    h = s.cast(0.6, lex.HOLDERS)
    f1, f2 = s.friend(), s.friend()
    what = s.one("a treehouse", "a fort", "a raft", "a bridge", "a clubhouse", "a tent", "a tower", "a birdhouse")
    place = s.outdoor()
    begin(s, s.one(f"wanted to build {what} {place.at}", f"had a plan to build {what} {place.at}"))
    s.q("want", f"What did {h} want to build?", what)
    s.q("where", f"Where did {h} want to build it?", place.at)
    s.add(
        f"{h} worked alone all morning, but it fell down.",
        f"{h} tried alone first, but the walls kept falling."
        if what not in ("a raft", "a bridge")
        else f"{h} tried alone first, but it would not hold.",
    )
    s.say(h, "I can't do this alone.", "I need some help.", mood="sad")
    t = s.some(["wood", "rope", "nails", "cloth", "leaves", "cardboard", "branches", "boards"], 3)
    s.para()
    s.add(
        f"{f1.first} came with {t[0]}, and {f2.first} brought {t[1]}.",
        f"So {f1.first} brought {t[0]}. Then {f2.first} came with {t[1]}.",
    )
    b.animal_fact(s, f1)
    b.animal_fact(s, f2)
    s.q("who", f"Who brought {t[0]}?", f1.name)
    s.q("who", f"Who brought {t[1]}?", f2.name)
    s.say(f1, "Hold this side!", "What should I do first?", "I will measure, and you can hold it.")
    s.say(f2, "I will tie it together.", "Let's make it strong.", "This is fun!")
    s.add(
        "They worked until noon, and then they worked some more.",
        "At first, they argued about the door, but then they laughed."
        if what not in ("a raft", "a bridge", "a birdhouse")
        else "They worked without a rest.",
    )
    s.add(f"At last, {what.replace('a ', 'the ', 1)} was done.", "By evening, it was finished.")
    color = s.pick(lex.COLORS)
    s.add(f"They painted it {color}.", f"They hung {an(color)} flag on top of it.")
    s.q("color", "What color did they paint it?" if "painted" in s.sentences[-1] else "What color was the flag?", color)
    s.say(h, "We made it together!", "It is better than I ever dreamed.", mood=s.one("", "proud"))
    b.close(s, "Together they could do what one could not do alone.", friend=s.one(f1, f2))


def handmade_gift(s: Story) -> None:
    """A present that could not be bought is made by hand."""
    h = s.cast(0.7, lex.HOLDERS)
    f = s.one(s.friend, s.elder)()
    begin(s, f"wanted to give {f.first} a present", weather="any")
    b.animal_fact(s, f)
    why = s.one("It was almost {0} birthday.", "{1} had been so kind all year.", "{1} had been sad for days.").format(
        f.his, f.He
    )
    s.add(why)
    s.say(h, "But I have no money.", "What can I give?", "It has to be something special.")
    n = s.number(2, 6)
    s.add(
        f"{h} looked in {h.his} purse. There were only {n} small coins.",
        f"{h} counted {h.his} coins. There were only {n}.",
    )
    s.q("count", f"How many coins did {h} have?", n)
    shop = s.pick(lex.SHOPS)
    dear = s.thing(lex.WEAR + lex.HOUSEHOLD[:15])
    s.add(
        f"At the {shop}, {h.he} saw {dear.a}, but it cost too much.",
        f"In the window of the {shop}, there was {dear.a}. It was far too expensive.",
    )
    s.q("where", f"Where did {h} see the {dear}?", shop)
    s.q("color", f"What color was the {dear}?", dear.color)
    s.para()
    made = s.one(
        ("a necklace", "shells"),
        ("a crown", "daisies"),
        ("a little boat", "bark"),
        ("a picture frame", "sticks"),
        ("a bookmark", "pressed flowers"),
        ("a pillow", "soft wool"),
        ("a wind chime", "old keys"),
        ("a lantern", "colored paper"),
        ("a basket", "willow twigs"),
    )
    s.add(
        f"Then {h} had an idea. {h.He} made {made[0]} out of {made[1]}.",
        f"So {h} sat down and made {made[0]} from {made[1]}.",
    )
    s.q("what", f"What did {h} make?", made[0])
    s.q("what", f"What was {made[0].replace('a ', 'the ', 1)} made of?", made[1])
    s.add(
        "It took all afternoon.",
        f"{h} worked until it was just right.",
        "It was a little crooked, but it was made with love.",
    )
    s.add(f"{f.cap} opened the present slowly.", f"When {f} saw it, {f.his} eyes grew wide.")
    s.say(
        f,
        "Did you make this yourself?",
        "It is the best present I ever got!",
        "I will treasure it always.",
        mood="happy",
    )
    if "?" in s.sentences[-1]:
        s.say(h, "Yes, just for you.", "I did!", mood=s.one("", "shy", "proud"))
    b.close(s, "The best presents come from the heart.", "A gift does not have to cost a thing.")


def patchwork_quilt(s: Story) -> None:
    """A quilt is sewn from pieces, each with a history."""
    h, e = s.cast(0.75, lex.HOLDERS), s.elder()
    colors = s.some(lex.COLORS, 3)
    begin(s, "lay in bed and could not get warm", weather="snow", clock=s.one("evening", "night"))
    s.say(h, "My blanket is too thin.", "I can't get warm.", mood="sad")
    s.add(
        f'"Then we will make a quilt," said {e.first}.',
        f'"Let\'s sew a quilt," said {e.first}, "and every piece will tell a story."',
    )
    s.q("what", "What did they make?", "quilt")
    s.add(
        f"They cut {an(colors[0])} square from an old dress.",
        f"The first piece was {colors[0]}. It came from an old dress.",
    )
    s.q(
        "color",
        "What color was the old dress?" if "square" in s.sentences[-1] else "What color was the piece from the dress?",
        colors[0],
    )
    giver = s.friend()
    s.add(
        f"{giver.first} brought {an(colors[1])} piece from a worn-out shirt.",
        f"{giver.first} gave them {an(colors[1])} piece of a shirt.",
    )
    b.animal_fact(s, giver)
    s.q("who", "Who brought a piece of a shirt?", giver.name)
    s.q("color", "What color was the piece of the shirt?", colors[1])
    n = s.neighbor("tailor")
    s.add(
        f"{n}, the tailor, gave them {an(colors[2])} piece of a curtain.",
        f"From {n}, the tailor, they got {an(colors[2])} piece of a curtain.",
    )
    s.q("color", "What color was the piece of the curtain?", colors[2])
    s.q("name", "What was the name of the tailor?", n.name)
    s.para()
    days = s.number(3, 12)
    s.add(f"They sewed for {days} evenings by the fire.", f"It took {days} evenings to sew it all together.")
    s.q("count", "How many evenings did they sew?", days)
    s.add(
        f"{h} pricked {h.his} finger once, but {h.he} did not stop."
        if h.human
        else "Sometimes the thread got tangled, and they laughed.",
        "The needle went in and out, in and out.",
    )
    s.add(f"While they sewed, {e} told stories of the old days.", f"{e.cap} hummed, and the fire crackled.")
    s.add("At last, it was done, and it was beautiful.", "When it was finished, it had all the colors of a garden.")
    s.say(h, "I am as warm as toast!", "It feels like a big hug.", mood="happy")
    s.say(e, "It is made of friends.", "Every stitch is a kind thought.", mood="kind")
    b.close(
        s,
        "Small pieces can make something great.",
        f"From then on, {h} was never cold again.",
        f"{h} slept soundly under the quilt.",
    )


def art_contest(s: Story) -> None:
    """A spoiled picture becomes another one."""
    h = s.lead(s.child())
    place = s.indoor()
    prize = s.thing(["medal", "ribbon", "badge", "paintbrush", "crown"])
    begin(s, f"heard about a painting contest {place.at}", trait=s.one("quiet", "dreamy", "curious", ""))
    s.q("where", "Where was the painting contest?", place.at)
    s.q("what", "What kind of contest was it?", "painting")
    s.add(f"The winner would get {prize.a}.", f"First prize was {prize.a}.")
    s.q("color", f"What color was the {prize} for the winner?", prize.color)
    s.say(h, "What should I paint?", "I want to paint something special.")
    f = s.friend()
    animal, animal2 = s.some(lex.ZOO_ANIMALS, 2)
    s.add(f"{h.s} friend {f} was painting {an(animal)} with bright colors.", f"{f.first} painted a huge {animal}.")
    s.q("what", f"What did {f} paint?", animal)
    s.add(
        f"{h} tried to paint {an(animal2)}, but it looked like a potato.",
        f"{h} tried to paint {an(animal2)}, but the paint dripped and made a big spot.",
    )
    s.q("what", f"What animal did {h} try to paint?", animal2)
    s.say(h, "It is ruined!", "Mine is not good at all.", mood="sad")
    s.para()
    s.say(
        f,
        "Look again. Maybe it can be something else.",
        "I like it. It looks like something from a dream.",
        mood="kind",
    )
    new = s.one(
        "a cloud over the sea",
        "a friendly monster",
        "a garden in the moonlight",
        "an island with a mountain",
        "a sleeping giant",
    )
    s.add(
        f"{h} looked again and smiled. {h.He} turned it into {new}.",
        f"{h} turned the picture around. Now it was {new}!",
    )
    s.q("what", f"What did {h.s} picture become?", new)
    s.add("The judges looked at every picture for a long time.", "Everyone came to see the pictures.")
    if s.chance(0.5):
        s.add(f"And the winner was {h}!", f"They gave the {prize} to {h}.")
        s.q("who", "Who won the contest?", h.name)
        s.say(f, "I knew it!", "Hooray! You did it!", mood="happy")
    else:
        s.add(
            f"The winner was {f}, and {h} clapped the loudest.",
            f"They gave the {prize} to {f}. {h} was happy for {f.him}.",
        )
        s.q("who", "Who won the contest?", f.name)
        s.say(f, "You gave me courage. Let's share it!", "I like your picture best of all.", mood="kind")
    b.close(s, "A mistake can become something beautiful.", friend=f)


def costume_parade(s: Story) -> None:
    """A costume tears just before the parade."""
    h = s.lead(s.child())
    fs = [s.friend(), s.friend()]
    kinds = s.some(
        [
            "pirate",
            "tiger",
            "astronaut",
            "pumpkin",
            "knight",
            "dragon",
            "clown",
            "bee",
            "wizard",
            "robot",
            "mermaid",
            "cook",
            "snowman",
            "owl",
        ],
        3,
    )
    place = s.outdoor()
    begin(s, f"got ready for the costume parade {place.at}", weather="any")
    s.q("where", "Where was the costume parade?", place.at)
    s.add(f"{h} wanted to be {an(kinds[0])}.", f"This year, {h} was going to be {an(kinds[0])}.")
    s.q("what", f"What did {h} want to be?", kinds[0])
    s.add(f"{fs[0].first} came as {an(kinds[1])}, and {fs[1].first} came as {an(kinds[2])}.")
    s.q("what", f"What was {fs[0]} dressed as?", kinds[1])
    s.q("what", f"What was {fs[1]} dressed as?", kinds[2])
    piece = s.thing(["cape", "mask", "crown", "belt", "cloak"])
    s.add(f"The best part of {h.s} costume was {an(piece.full)}.", f"{h} was most proud of {an(piece.full)}.")
    s.q("color", f"What color was the {piece}?", piece.color)
    s.para()
    s.add(f"But just before the start, the {piece} tore in two.", f"But then somebody stepped on the {piece}. Rip!")
    s.say(h, "It is ruined!", "I can't go like this!", mood="sad")
    s.say(fs[0], "Don't cry. We will think of something.", "Take a piece of mine.", mood="kind")
    fix = s.one(
        "a tablecloth and two pins",
        "paper and ribbons",
        "a curtain and some string",
        "leaves and flowers",
        "an old sheet and some paint",
    )
    s.add(f"{fs[1]} ran off and came back with {fix}.", f"Then {fs[1]} had an idea and fetched {fix}.")
    s.q("who", f"Who brought {fix}?", fs[1].name)
    s.add("They worked as fast as they could.", "In five minutes, they had made something new.")
    s.add("The new costume was even better than the old one.", "It looked funny and wonderful.")
    s.add("Then the drums began, and the parade set off.", "Together they marched down the street.")
    s.say(fs[0], "We are the best team of all!", "Everybody is waving at us!", mood="happy")
    s.maybe(0.6, "At the end, all three of them got a prize.", "People threw candy and clapped.")
    b.close(s, "Friends can turn a bad moment into a good one.", friend=s.one(*fs))
