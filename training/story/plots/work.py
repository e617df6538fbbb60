"""Work and trade."""

from __future__ import annotations

from story import beats as b
from story import lexicon as lex
from story.english import an, cap
from story.openings import begin
from story.world import Story


def clean_up(s: Story) -> None:
    """Two friends clean up a place and find something."""
    h, f = s.cast(0.8), s.friend()
    place = s.outdoor()
    begin(s, s.one(f"went {place.to} with {f.first}", f"wanted to play {place.at} with {f.first}"))
    b.animal_fact(s, f)
    s.add(
        "But there was trash everywhere.",
        "But somebody had left a big mess.",
        "Old bottles, cans and paper lay all over the ground.",
    )
    s.say(h, "Who would do this?", "This is not a nice place to play.", mood=s.one("", "sad"))
    s.say(f, "Let's clean it up!", "If we all help, it will be clean in no time.", "I will get some bags.")
    s.q("say", "Whose idea was it to do something?", f.name)
    n1, n2 = s.number(2, 12), s.number(2, 12)
    s.para()
    s.add(f"{h} filled {n1} bags, and {f} filled {n2}.", f"By noon, {h} had {n1} full bags and {f} had {n2}.")
    s.q("count", f"How many bags did {h} fill?", n1)
    s.q("count", f"How many bags did {f} fill?", n2)
    item = s.thing(lex.TREASURES + ["key", "whistle", "toy car", "watch"])
    spot = s.pick(lex.SPOTS_OUT)
    s.add(f"{cap(spot)}, {h} even found {item.a}.", f"And {spot}, {f} found {item.a}.")
    who = h if f"{h} even" in s.sentences[-1] else f
    s.q("who", f"Who found the {item}?", who.name)
    s.q("color", f"What color was the {item}?", item.color)
    other = s.neighbor()
    s.add(f"{other}, the {other.kind}, saw them and came to help.", f"Soon {other}, the {other.kind}, joined them.")
    s.q("helper", "Who joined them?", other.name)
    s.add(
        "At the end of the day, everything was clean again.",
        "When they were done, the place was as clean as a new plate.",
    )
    reward = s.pick(lex.DRINKS)
    s.add(f"{other} brought them {reward}.", f"{other} thanked them and made {reward} for everyone.")
    s.q(
        "food",
        f"What did {other} bring them to drink?" if "brought" in s.sentences[-1] else f"What did {other} make?",
        reward,
    )
    s.say(f, "Now it is our special place.", "Look how pretty it is!", mood=s.one("", "happy"))
    b.close(s, "Many small hands can do a big job.", "It feels good to take care of the places we love.", friend=f)


def trading_chain(s: Story) -> None:
    """One trade after another leads to the thing wished for."""
    h = s.cast(0.75)
    items = [s.thing(lex.TOYS + lex.HOUSEHOLD[:20] + lex.TOOLS[:6]) for _ in range(3)]
    want = s.thing(lex.VEHICLES + lex.INSTRUMENTS)
    market = s.one("the market", "the village fair", "the town square")
    begin(s, f"went to {market} with {items[0].a}")
    s.q("what", f"What did {h} bring to {market}?", items[0].noun)
    s.add(
        f"{h} wanted {an(want.noun)}, but {h.he} had no money.", f"More than anything, {h} wished for {an(want.noun)}."
    )
    s.q("want", f"What did {h} want to get?", want.noun)
    people = [s.neighbor() for _ in range(3)]
    s.para()
    for i, person in enumerate(people):
        give = items[i]
        get = items[i + 1] if i < 2 else want
        if i == 0:
            s.add(
                f"First {h} met {person.first}, who needed {an(give.noun)}. {h} traded it for {get.a}.",
                f"{person}, the {person.kind}, liked the {give} and gave {h.him} {get.a} for it.",
            )
        elif i == 1:
            s.add(
                f"Next, {person}, the {person.kind}, asked for the {give} and offered {get.a}. {h} agreed.",
                f"Then {person}, the {person.kind}, came by. {person.He} wanted the {give} and gave {h} {get.a}.",
            )
        else:
            s.add(
                f"Last of all, {person}, the {person.kind}, pointed at the {give}.",
                f"At the end of the day, {h} met {person}, the {person.kind}.",
            )
            s.say(
                person, f"I have looked for {an(give.noun)} like this for years!", f"That {give} is just what I need."
            )
            s.add(f"And so {h} got {want.a}.", f"{person} gave {h} {want.a} for it.")
        s.q("who", f"Who gave {h} the {get}?", person.name)
        s.q("color", f"What color was the {get}?", get.color)
    b.glad(s)
    b.close(
        s,
        "One good trade leads to another.",
        f"{h} went home proudly with the {want}.",
        "Everyone got just what they needed.",
    )


def lemonade_stand(s: Story) -> None:
    """Two friends sell drinks to buy something, or to give the money away."""
    h = s.lead(s.child())
    f = s.friend()
    want = s.thing(lex.VEHICLES[:4] + lex.INSTRUMENTS + ["telescope", "toy train", "kite", "toy castle"])
    begin(s, f"wanted to buy {an(want.full)}")
    s.q("want", f"What did {h} want to buy?", want.noun)
    s.q("color", f"What color was the {want} that {h} wanted?", want.color)
    price = s.number(8, 12)
    s.add(
        f"The {want} cost {price} dollars, and {h} had none.",
        f"The price of the {want} was {price} dollars. {h} had only a few pennies.",
    )
    s.q("count", f"How much did the {want} cost?", f"{price} dollars")
    drink = s.one("lemonade", "iced tea", "apple juice", "hot chocolate")
    if False:
        s.say(
            f,
            f"We could sell {drink}!",
            f"Let's make a {drink} stand!" if drink[0] not in "aei" else f"Let's sell {drink}!",
        )
    else:
        s.add(f'"Let\'s sell {drink}!" said {f.first}.')
    s.q("what", "What did they sell?", drink)
    place = s.outdoor()
    s.add(f"They set up a table {place.at}.", f"They put a table and two chairs {place.at}.")
    s.q("where", "Where did they put the table?", place.at)
    s.para()
    s.add("At first, nobody came.", "They waited and waited.")
    n = s.neighbor()
    s.add(f"Then {n}, the {n.kind}, stopped and bought a cup.", f"The first to buy a cup was {n}, the {n.kind}.")
    s.q("who", "Who bought the first cup?", n.name)
    s.say(n, "This is delicious!", f"This is the best {drink} in town.", mood=s.one("", "happy"))
    s.add("Soon there was a long line.", "After that, more and more people came.")
    cups = s.number(9, 12)
    s.maybe(0.6, f"By noon, they had sold {cups} cups.")
    if "sold" in s.sentences[-1]:
        s.q("count", "How many cups had they sold by noon?", cups)
    s.add("In the evening, they counted the coins twice.", "At last, the jar was full of coins.")
    if s.chance(0.5):
        s.say(h, f"It is enough! We can buy the {want}!", "We did it!", mood="happy")
        s.add(f"They bought the {want} and took turns with it.", f"The {want} belonged to both of them.")
    else:
        s.add(
            "But on the way to the shop, they saw a sign. "
            f"The {s.one('animal shelter', 'hospital', 'school', 'library')} needed help."
        )
        s.say(h, "They need it more than I do.", "Let's give them the money.", mood="kind")
        s.say(f, "We can always make more.", "I am proud of you.", mood="happy")
        s.yn(false=f"Did {h} buy the {want}?")
    b.close(s, "Hard work is fun with a friend.", friend=f)


def broken_wagon(s: Story) -> None:
    """A wheel breaks; one friend runs past, the other helps."""
    h = s.cast(0.4)
    fs = [s.friend(), s.friend()]
    wagon = s.thing(["wagon", "cart"])
    goods = s.one("apples", "pumpkins", "hay", "potatoes", "melons", "firewood")
    s.indoor()  # drawn and not used; without it every later text of a seed would change
    begin(s, f"pulled {an(wagon.full)} full of {goods} along the road")
    s.q("color", f"What color was the {wagon}?", wagon.color)
    s.q("what", f"What was in the {wagon}?", goods)
    s.add(
        f"{h} wanted to bring them to the market."
        if goods not in ("hay", "firewood")
        else f"{h} wanted to sell it at the market."
    )
    s.add("Halfway up the hill, a wheel came off!", "Then there was a loud crack. A wheel had broken.")
    s.say(h, "What shall I do now?", "I will never get to the market!", mood="sad")
    s.para()
    s.add(
        f"{fs[0]} was the first to come by." if fs[0].human else f"{fs[0]} the {fs[0].kind} was the first to come by."
    )
    b.animal_fact(s, fs[0])
    s.say(fs[0], "I would help, but I am too busy.", "I have no time. Sorry!", "I don't want to get dirty.")
    s.yn(false=f"Did {fs[0]} stop to help?")
    s.add(f"Next came {fs[1]}{' the ' + fs[1].kind if not fs[1].human else ''}.")
    s.say(
        fs[1],
        "Wait, I will push from behind!",
        "Let me hold it while you fix the wheel.",
        "I have a rope and a hammer.",
        mood=s.one("", "kind"),
    )
    s.q("helper", f"Who helped {h} fix the {wagon}?", fs[1].name)
    s.add(
        f"They put the wheel back and pushed the {wagon} to the top.",
        "With a bit of rope and a lot of work, they fixed the wheel.",
    )
    n = s.number(3, 12)
    s.add(
        f"At the market, {h} earned {n} coins and gave half of them to {fs[1]}."
        if n in ("four", "six", "eight", "ten", "twelve")
        else f"At the market, {h} earned {n} coins and bought a treat for {fs[1]}."
    )
    s.q("count", f"How many coins did {h} earn?", n)
    s.add(
        f"When {fs[0]} heard about it, {fs[0].he} was ashamed.",
        f"On the way back, they met {fs[0]} again. Now {fs[0].he} was the one who was stuck in the mud.",
    )
    if "stuck" in s.sentences[-1]:
        s.add(f"{h} and {fs[1]} looked at each other, and then they helped {fs[0].him} out.")
        s.say(
            fs[0], "You helped me, even though I did not help you.", "I am sorry. Next time, I will stop.", mood="shy"
        )
    else:
        s.say(fs[0], "Next time, I will help you.", "I am sorry that I ran off.", mood="shy")
    b.close(
        s, "A friend in need is a friend indeed.", "Helping takes a little time, but it lasts for long.", friend=fs[1]
    )


def slow_mail(s: Story) -> None:
    """A slow animal delivers a letter while a fast one sleeps."""
    h = s.lead(
        s.animal(
            [
                ["turtle", "foot"],
                ["snail", "foot"],
                ["mole", "paw"],
                ["toad", "hand"],
                ["hedgehog", "paw"],
            ]
        )
    )
    o = s.animal(lex.HOLDERS)
    r = s.animal(lex.HOLDERS)
    env = s.pick(lex.COLORS)
    begin(s, "had an important letter to deliver", trait="patient")
    s.add(
        f"It was in {an(env)} envelope, and it was for {o} the {o.kind}.",
        f"The letter was for {o} the {o.kind}. The envelope was {env}.",
    )
    s.q("color", "What color was the envelope?", env)
    s.q("who", "Who was the letter for?", o.name)
    b.animal_fact(s, o)
    s.add(f"{r} the {r.kind} laughed at {h}.", f"On the road, {r} the {r.kind} ran in circles around {h}.")
    s.say(
        r,
        "You are far too slow!",
        "You will never get there!",
        "I could do it ten times as fast.",
        mood=s.one("", "proud"),
    )
    s.q("who", f"Who {'laughed at' if 'laughed' in s.sentences[-2] else 'ran around'} {h}?", r.name)
    s.say(h, "Slow, but sure.", "I promised to bring it, and I will.", "I will get there in the end.", mood="calm")
    s.para()
    p1, p2 = s.outdoor(), s.outdoor()
    s.add(f"Step by step, {h} walked past {p1}.", f"First {h} passed {p1}.")
    s.q("where", f"What did {h} {'walk past' if 'past ' in s.sentences[-1] else 'pass'} first?", p1.name)
    hard = s.one(
        "The sun burned hot.", "Rain began to fall.", "A cold wind blew.", "The hill was steep.", "The mud was deep."
    )
    s.add(f"{hard} {h} did not stop.", f"{hard} But {h} kept going.")
    s.add(
        f"Under a tree near {p2}, {h.he} saw {r}, who was fast asleep.".replace(
            "Under a tree near the big oak tree", "Under the big oak tree"
        ),
        f"By evening, {h.he} came {p2.to}. There lay {r}, tired from running in circles.",
    )
    s.add(f"When the stars came out, {h} knocked at {o.s} door.", f"At last, {h} reached the home of {o}.")
    s.say(h, "A letter for you!", "I am sorry that it took so long.", mood=s.one("", "proud"))
    news = s.one(
        "My sister is coming to visit",
        "I have won a prize",
        "My brother is well again",
        "I am invited to a wedding",
        "My cousin has a new baby",
    )
    s.say(o, f"{news}!", mood="happy")
    s.q("what", "What was the news in the letter?", news)
    s.say(o, "You brought me the best news of the year.", "Thank you for not giving up.", mood="kind")
    s.add(f"{o} gave {h} a bowl of {s.one('berries', 'soup', 'salad', 'clover', 'porridge')} and a soft bed.")
    s.q("food", f"What did {o} give {h} to eat?", s.sentences[-1].split("bowl of ")[1].split(" ")[0])
    b.close(s, "Slow and steady gets there in the end.", "It is not how fast you go, but that you keep going.")


def lighthouse_lamp(s: Story) -> None:
    """The lamp of a lighthouse goes out while a ship is near."""
    h = s.lead(s.child())
    n = s.neighbor("lighthouse keeper")
    s.away = True
    begin(s, f"visited {n}, the lighthouse keeper", weather=s.one("wind", "wet"), clock=s.one("evening", "afternoon"))
    s.q("name", "What was the name of the lighthouse keeper?", n.name)
    steps = s.one("ninety", "one hundred", "two hundred", "sixty", "eighty")
    s.add(f"There were {steps} steps to the top.", f"{h} climbed {steps} steps up to the lamp.")
    s.q("count", "How many steps were there?", steps)
    s.say(n, "This lamp shows the ships the way.", "Without this light, the ships would hit the rocks.", mood="proud")
    s.add("Far out, the waves were as high as houses.", "The sea was dark and wild.")
    s.add("Suddenly the lamp went out!", "Then the big lamp flickered and went dark.")
    ship, cargo = s.one("a small fishing boat", "a big ship", "a sailboat", "a ferry"), s.pick(lex.COLORS)
    s.add(
        f"And out there was {ship} with {an(cargo)} flag.",
        f"In the storm, they could see {ship}. It had {an(cargo)} flag.",
    )
    s.q("what", "What was out on the sea?", ship)
    s.q("color", "What color was the flag?", cargo)
    s.say(h, "They can't see the rocks!", "We have to do something!", mood="")
    s.para()
    idea = s.one(
        "hold up all the mirrors and candles",
        "ring the old bell",
        "light a fire on the rocks",
        "wave with lanterns",
        "beat the big drum",
    )
    s.say(h, f"Let's {idea}!", f"We can {idea}!")
    s.q("say", f"What was {h.s} idea?", idea)
    s.say(n, "That might work!", "Quick, let's try it!", "You are a clever child.")
    s.add("They ran and worked as fast as they could.", "There was no time to lose.")
    s.add(
        "The sailors noticed and turned just in time.",
        "Slowly, the bow turned away from the rocks."
        if ship != "a ferry"
        else "Slowly, the ferry turned away from the rocks.",
    )
    s.add("By morning, the storm was over, and the lamp was fixed.", f"{n} fixed the lamp before the night was over.")
    gift = s.thing(["compass", "shell", "bell", "telescope", "hat", "whistle"])
    s.add(
        f"The captain came to thank {h} and gave {h.him} {an(gift.full)}.", f"The captain brought {h} {an(gift.full)}."
    )
    s.q("who", f"Who gave {h} the {gift}?", "the captain")
    s.q("color", f"What color was the {gift}?", gift.color)
    b.close(s, "Even a small light can save a ship.", f"{h} wanted to become a lighthouse keeper one day.")
