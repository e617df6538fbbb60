"""Fears and dangers."""

from __future__ import annotations

from story import beats as b
from story import lexicon as lex
from story.english import an, cap
from story.openings import begin
from story.world import Story


def afraid_of_dark(s: Story) -> None:
    """A shadow at bedtime turns out to be something harmless."""
    h, e = s.cast(0.65), s.elder()
    s.night = True
    light = s.thing(["lantern", "lamp", "flashlight", "candle"])
    begin(s, s.one("lay in bed and could not sleep", "hid under the blanket and did not move"), clock="night")
    s.add(
        f"{h} was afraid of the dark.",
        f"{h} was afraid of the dark. It made {h.him} feel small.",
        f"{h} had always been afraid of the dark.",
    )
    s.q(
        "why",
        f"Why could {h} not sleep?" if "not sleep" in " ".join(s.sentences + s.paragraphs) else f"Why did {h} hide?",
        f"{h.he} was afraid of the dark",
    )
    s.facts[-1].answer = "afraid of the dark"
    shadow = s.one("a monster", "a giant", "a dragon", "a huge bear", "a wolf")
    s.add(f"A shadow in the corner looked like {shadow}.", f"{h} saw a shadow that looked like {shadow}!")
    s.q("what", "What did the shadow look like?", shadow)
    s.say(h, "Is anyone there?", "Please come here!", "Help!", mood=s.one("", "afraid"))
    s.para()
    s.add(
        f"{e.first} came in with {light.a}.",
        f"{e.first} opened the door. In {e.his} {h.hand} was {light.a}."
        if h.hand in ("hand", "paw")
        else f"{e.first} came in with {light.a}.",
    )
    s.q("color", f"What color was the {light}?", light.color)
    s.q("who", f"Who came with the {light}?", e.name)
    s.say(e, "Let's see what is there.", "What is wrong, little one?", "Look. We will make it bright.", mood="kind")
    real = s.one(
        "a coat on a chair", "a pile of clothes", "a tree outside the window", "a hat on a hook", "an old broom"
    )
    s.add(f"It was only {real}!", f"In the light, they saw that it was only {real}.")
    s.q("what", "What was the shadow really?", real)
    s.add(f"{h} laughed.", f"{h} had to smile.", f"{h} felt a little silly, but much better.")
    b.scenery(s)
    s.maybe_say(
        0.6,
        e,
        "The dark is only the day with its eyes closed.",
        "The same things are here in the dark as in the light.",
        "The stars can only shine when it is dark.",
        mood="calm",
    )
    s.add(f"{e.cap} left the {light} beside the bed.", f"They put the {light} on the window sill.")
    b.close(
        s,
        f"Soon {h} was fast asleep.",
        f"After that, {h} was not so afraid of the dark.",
        f"{h} closed {h.his} eyes and slept until morning.",
    )


def thunder(s: Story) -> None:
    """Somebody of the family helps the hero through a thunderstorm."""
    h = s.cast(0.6)
    other = s.sibling() if s.chance(0.5) else s.elder()
    place = s.one("inside the house", "at home", "in the warm kitchen") if h.human else "at home"
    begin(s, f"was {place}", weather="wet", clock=s.one("evening", "afternoon", "night"), companion=other)
    s.weather = "stormy"
    s.add(
        "Boom! Thunder shook the walls.",
        "A flash of lightning lit up the sky.",
        "Then there was a loud crash of thunder.",
    )
    s.add(f"{h} hid under the table.", f"{h} jumped and covered {h.his} ears.", f"{h} crept under a blanket.")
    s.q("where", f"Where did {h} hide?", "under the table" if "table" in s.sentences[-1] else "under a blanket")
    if "ears" in s.sentences[-1]:
        s.facts.pop()
    s.say(other, "Are you scared?", "It is only a storm.", "Don't be afraid. I am here.", mood="kind")
    s.say(h, "It is so loud!", "I don't like thunder.", "Will it come inside?", mood="afraid")
    s.para()
    idea = s.one(
        ("count the seconds", "counted the seconds"),
        ("sing a song", "sang a song"),
        ("build a tent", "built a tent"),
        ("tell a funny story", "told a funny story"),
        ("make shadow animals", "made shadow animals"),
    )
    s.say(other, f"Let's {idea[0]} until it is over.", f"I have an idea. Let's {idea[0]}!")
    s.q("say", f"What did {other} want to do?", idea[0])
    number = s.number(3)
    s.add(f"So they {idea[1]} while the rain came down.", f"They {idea[1]}, and soon {h} forgot to be scared.")
    s.maybe(0.5, f"There were {number} more rumbles, each one softer than the last.")
    if number in s.sentences[-1]:
        s.q("count", "How many more rumbles were there?", number)
    s.add("At last, the storm moved on.", "Little by little, the thunder went away.", "Then it was quiet again.")
    s.maybe(
        0.6,
        "A rainbow stretched across the sky." if not s.night else "The moon came out.",
        "Only the drip of the last raindrops could be heard.",
    )
    s.say(
        h,
        "It was not so bad with you here.",
        "Next time, I will be brave.",
        "I think I like the rain now.",
        mood=s.one("", "happy"),
    )
    s.yn(f"Was {h} afraid of the thunder?")
    b.close(s, "Being together makes scary things smaller.", f"After that, {h} was braver when it stormed.")


def own_shadow(s: Story) -> None:
    """The thing that follows the hero is a shadow."""
    h = s.lead(s.animal() if s.chance(0.6) else s.child())
    place = s.outdoor()
    begin(s, s.one(f"walked {place.to}", f"was playing {place.at}"), trait=s.one("shy", "careful", "quiet"))
    s.add(
        f"Suddenly {h} saw something long and dark on the ground.",
        f"Then {h} noticed that somebody dark was following {h.him}.",
    )
    s.say(h, "Who are you?", "Go away!", "Stop following me!", mood=s.one("", "afraid"))
    s.add("The dark thing did not answer.", "There was no answer at all.")
    s.add(
        f"{h} ran, and the dark thing ran too. {h} stopped, and it stopped as well.",
        f"When {h} jumped, it jumped. When {h} sat down, it sat down.",
    )
    s.para()
    o = s.animal(lex.HOLDERS) if not h.human else s.elder()
    s.add(f"Then {h} met {o.first}.")
    b.animal_fact(s, o)
    s.say(h, "Something is chasing me!", "Please help me!", mood="afraid")
    s.say(o, "That is only your shadow.", "Don't be afraid. It is your own shadow.", mood="kind")
    s.q("who", f"Who told {h} about the shadow?", o.name)
    s.q("what", f"What was {h} afraid of?", "shadow")
    s.say(h, "Will it hurt me?", "What is a shadow?")
    s.say(
        o,
        "No, it will never hurt you. It comes out to play when the sun shines."
        if s.sentences[-1].count("hurt")
        else "It is the shape you make when the sun shines on you.",
        mood="calm",
    )
    shape = s.pick(["bird", "swan", "dragon", "dog", "crocodile", "rabbit"])
    s.add(
        f"{o.cap} showed {h} how to make the shadow of {an(shape)}.",
        f"Then they made funny shadows. {o.cap} made {an(shape)}.",
    )
    s.q(
        "what",
        f"What kind of shadow did {o} make?" if "made" in s.sentences[-1] else f"What shadow did {h} learn to make?",
        shape,
    )
    s.add(f"{h} waved, and the shadow waved back.", f"{h} danced, and the shadow danced along.")
    b.glad(s)
    b.close(
        s,
        "Many scary things are friendly when you know them.",
        f"From then on, {h} always had somebody to play with on sunny days.",
    )


def noise_at_night(s: Story) -> None:
    """A noise in the night is a small animal."""
    h = s.cast(0.75)
    other = s.sibling() if s.chance(0.5) else s.elder()
    s.night = True
    sound = s.one(
        "a strange scratching sound", "a tapping sound", "a loud thump", "a squeaking noise", "a rustling noise"
    )
    begin(s, f"woke up because of {sound}", clock="night")
    s.q("what", f"What woke {h}?", sound)
    s.maybe(0.5, f"Was it a ghost? {h} did not know.", f"{h} pulled the blanket up to {h.his} nose.")
    s.add(f"{h} woke {other.first}.", f"On tiptoe, {h} went to {other.first}.")
    s.say(h, "There is something out there!", "Did you hear that?", mood="afraid")
    s.say(other, "Let's go and see.", "It is probably nothing, but we can look.", mood=s.one("", "calm"))
    lamp = s.thing(["flashlight", "lantern", "candle", "lamp"])
    s.para()
    s.add(
        f"They took {lamp.a} and walked slowly toward the sound.",
        f"With {lamp.a}, they crept down the stairs." if h.human else f"They took {lamp.a} and crept outside.",
    )
    s.q("color", f"What color was the {lamp}?", lamp.color)
    b.worried(s)
    c = s.creature(["mouse", "kitten", "hedgehog", "raccoon", "squirrel", "owl", "frog", "puppy", "moth", "bat"])
    spot = s.pick(lex.SPOTS_IN if h.human else lex.SPOTS_OUT)
    s.add(f"{cap(spot)} sat {c.first}!", f"Then they saw {c.first} {spot}.")
    s.q("animal", "What animal made the noise?", c.kind)
    s.q("where", f"Where was {c}?", spot)
    s.say(h, "It is only a little guest!", "So it was you!", "It is more afraid than we are.", mood=s.one("", "happy"))
    s.add(
        f"They gave it some {s.one('bread', 'cheese', 'milk', 'crumbs', 'nuts')} and opened the door for it.",
        f"{c.cap} blinked at the light and ran away.",
        f"{c.cap} was cold, so they made it a bed in a box.",
    )
    b.close(
        s,
        "Most scary sounds have small causes.",
        f"{h} went back to bed and was not afraid anymore.",
        f"And {h} slept soundly for the rest of the night.",
    )


def afraid_of_bees(s: Story) -> None:
    """A beekeeper shows that bees are gentle."""
    h = s.cast(0.75)
    n = s.neighbor("beekeeper")
    begin(s, f"heard a loud buzz in the {s.one('garden', 'orchard', 'meadow')}")
    s.add(
        f"{h} was afraid of bees and hid {s.pick(lex.HIDING)}.",
        f"{h} did not like bees at all and ran to hide {s.pick(lex.HIDING)}.",
    )
    spot = next(x for x in lex.SPOTS_OUT if s.sentences[-1].endswith(f" {x}."))
    s.q("where", f"Where did {h} hide from the bees?", spot)
    s.q("what", f"What was {h} afraid of?" if "afraid" in s.sentences[-1] else f"What did {h} not like?", "bees")
    s.say(h, "Go away, bees!", "Please don't sting me!", mood="afraid")
    s.add(f"Just then, {n}, the beekeeper, came by.", f"Then a kind beekeeper named {n} came along.")
    s.q("name", "What was the name of the beekeeper?", n.name)
    s.say(
        n,
        "They will not hurt you if you are calm.",
        "Bees are gentle when you are gentle.",
        "They are only busy with the flowers.",
        mood="kind",
    )
    s.para()
    hat = s.thing(["hat", "coat", "cape"], ["white", "yellow", "gray", "blue"])
    s.add(
        f"{n} gave {h} {an(hat.full)} with a net."
        if hat.noun == "hat"
        else f"{n} put {an(hat.full)} around {h.s} shoulders."
    )
    s.q("color", f"What color was the {hat} from {n}?", hat.color)
    hives = s.number(2, 9)
    s.add(f"They walked slowly to the hives. There were {hives} of them in a row.")
    s.q("count", "How many hives were there?", hives)
    s.say(h, "What are they doing?", "Why do they dance like that?")
    s.say(
        n,
        "They show each other the way to the flowers."
        if "dance" in s.sentences[-1]
        else "They gather sweet juice from the flowers and make honey.",
        mood="calm",
    )
    s.add(f"A bee landed on {h.s} {h.hand}. {h} held very still.", f"One bee sat down on {h.s} nose. {h} did not move.")
    s.add("It tickled, and then it flew away.", "After a moment, it flew off to a flower.")
    s.say(h, "It did not hurt me!", "I was brave!", mood=s.one("happy", "proud"))
    food = s.one("bread with honey", "a spoon of honey", "honey cake", "warm milk with honey")
    s.add(f"At the end, {n} gave {h.him} {food}.", f"Before {h} left, {n} shared {food} with {h.him}.")
    s.q("food", f"What did {n} give {h}?" if "gave" in s.sentences[-1] else f"What did {n} share with {h}?", food)
    b.close(s, "When we learn about a thing, we fear it less.", f"Now {h} planted flowers for the bees every spring.")


def lost_in_fog(s: Story) -> None:
    """The hero remembers what to do when lost, and follows a sound home."""
    h, e = s.cast(0.6), s.elder()
    goal = s.outdoor()
    begin(
        s, s.one(f"went {goal.to} to gather {s.one('berries', 'wood', 'mushrooms', 'flowers', 'nuts')}"), weather="fair"
    )
    s.q("where", f"Where did {h} go?", goal.name)
    s.add("Then a thick fog came up, and everything turned gray.", "Before long, fog rolled in like a soft white wall.")
    s.add(
        f"{h} could not see {h.his} own feet.",
        f"{h} could not tell left from right.",
        "The trees looked like tall, silent giants.",
    )
    s.say(h, "Which way is home?", "I can't see the path!", "Hello? Is anyone there?", mood="afraid")
    b.worried(s)
    s.para()
    told = s.one("stay calm and listen", "stay where you are and listen", "stop and think")
    s.add(f"Then {h} remembered the words of {e.first}.", f"{h} thought of something that {e.first} had once said.")
    s.sentences.append(f'"If you are lost, {told}," {e.he} always said.')
    s.q("say", f"What did {e} say to do when lost?", told)
    sound = s.one(
        ("a bell", "church bell"),
        ("a barking dog", "dog"),
        ("a flute", "flute"),
        ("the river", "river"),
        ("a rooster", "rooster"),
        ("a horn", "horn"),
    )
    s.add(
        f"{h} stood still. Far away, {h.he} heard {sound[0]}.",
        f"It was very quiet. Then there was the sound of {sound[0]}.",
    )
    s.q("what", f"What did {h} hear in the fog?", sound[0])
    s.add(f"Step by step, {h} followed the sound.", f"{h} walked slowly toward it, one step at a time.")
    n = s.number(2, 4)
    s.maybe(0.5, f"{n} times {h.he} stumbled, and {n} times {h.he} got up again.")
    if " times " in s.sentences[-1]:
        s.q("count", f"How many times did {h} stumble?", n)
    light = s.thing(["lantern", "lamp"])
    s.add(
        f"At last, there was a light. {e.cap} was standing at the gate with {an(light.full)}.",
        f"Then {h} saw {an(light.full)}. {e.cap} was holding it high.",
    )
    s.q("color", f"What color was the {light}?", light.color)
    s.q(
        "who",
        f"Who was holding the {light}?" if "holding" in s.sentences[-1] else "Who was standing at the gate?",
        e.name,
    )
    s.say(e, "There you are! I was so worried.", "You found your way!", mood=s.one("", "happy"))
    s.say(h, "I did what you told me.", "I listened, just as you said.", mood=s.one("", "proud"))
    b.close(s, "Staying calm helps you find the way.", f"They sat by the fire until {h} was warm again.")


def frozen_pond(s: Story) -> None:
    """A friend breaks through thin ice, and the hero throws something to hold on to."""
    h = s.cast(0.7, lex.HOLDERS)
    f = s.friend()
    scarf = s.thing(["scarf", "rope", "belt"])
    begin(s, "went to the frozen pond", companion=f, weather="snow", item=scarf if scarf.noun == "scarf" else None)
    b.animal_fact(s, f)
    s.say(f, "Let's slide on the ice!", "Come on, it looks strong!", "I want to skate!", mood="happy")
    s.say(
        h, "Wait. Is it safe?", "We should ask somebody first.", "I am not sure. It looks thin.", mood=s.one("", "calm")
    )
    s.add(f"But {f} was already on the ice.", f"But {f} laughed and ran out onto the ice.")
    s.q("who", "Who ran onto the ice?" if "ran out" in s.sentences[-1] else "Who was on the ice first?", f.name)
    s.add("Crack! A long line ran through it.", "Then there was a terrible crack.")
    s.add(f"One of {f.s} feet broke through into the cold water.", f"{f} slipped and fell, and the ice began to bend.")
    s.say(f, "Help! I am scared!", "Help me, please!", mood="")
    s.para()
    s.add(
        f"{h} wanted to run to {f.him}, but {h.he} stopped and thought.",
        f"{h} knew that {h.he} must not step on the ice.",
    )
    s.say(h, "Lie down flat and don't move!", "Stay calm! Lie down!")
    if scarf.noun == "scarf":
        s.add(f"{h} took off the scarf and threw one end to {f}.")
    else:
        s.add(
            f"{h} found {an(scarf.full)} in the sled and threw one end to {f}.",
            f"In the shed was {an(scarf.full)}. {h} threw one end of it to {f}.",
        )
    s.q("how", f"What did {h} throw to {f}?", scarf.noun)
    s.q("color", f"What color was the {scarf}?", scarf.color)
    s.add(
        f"{f} held on tight, and {h} pulled with all {h.his} might.",
        f"Slowly, very slowly, {h} pulled {f} to the shore.",
    )
    s.q("who", f"Who saved {f}?", h.name)
    s.add("They both sat in the snow and shook.", f"{f} was wet and cold, but safe.")
    drink = s.pick(["hot chocolate", "warm milk", "mint tea"])
    s.add(f"At home, they had {drink} under a thick blanket.", f"Later, they sat by the stove and drank {drink}.")
    s.q("food", "What did they drink?", drink)
    s.say(f, "I should have listened to you.", "Thank you. I will never do that again.", mood="shy")
    b.close(s, "It is smart to be careful.", "A true friend keeps a cool head.", friend=f)
