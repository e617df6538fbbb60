"""Wonders: wishes, magic, a robot, a dragon, a star."""

from __future__ import annotations

from story import beats as b
from story import lexicon as lex
from story.english import an
from story.openings import begin
from story.world import Story


def wishing(s: Story) -> None:
    """A wish for a friend comes true, one for a thing does not."""
    h = s.cast(0.7)
    f = s.friend()
    source = s.one("an old well", "a falling star", "a magic fountain", "a lucky clover")
    begin(
        s,
        s.one(f"saw {source}", f"found {source}") if source != "a falling star" else "saw a falling star",
        clock="evening" if source == "a falling star" else "",
    )
    s.q(
        "what", f"What did {h} see?" if "saw" in " ".join(s.sentences + s.paragraphs) else f"What did {h} find?", source
    )
    s.add(
        f"Everyone knew that you could make a wish on {source}."
        if source in ("a falling star", "a lucky clover")
        else f"People said that {source} could make wishes come true."
    )
    wish = s.thing(lex.VEHICLES + lex.TOYS)
    s.say(h, f"I wish I had {an(wish.full)}.", f"I wish for {an(wish.full)}!")
    s.q("want", f"What did {h} wish for first?", wish.noun)
    s.add("But nothing happened.", f"{h} waited, but nothing happened.")
    s.para()
    s.add(
        f"On the way home, {h} met {f.first}. {f.He} looked very sad.",
        f"Then {f.first} came by with tears in {f.his} eyes.",
    )
    b.animal_fact(s, f)
    s.say(h, "What is wrong?", "Why are you crying?", mood="kind")
    lost = s.one(
        "my little dog is ill",
        "my best friend moved away",
        "nobody wants to play with me",
        "my grandmother is far away",
        "I cannot sleep at night",
    )
    s.say(f, f"I am sad because {lost}.", mood="sad")
    s.q("why", f"Why was {f} sad?", lost)
    s.add(
        f"{h} thought about it for a while. Then {h.he} made another wish.",
        f"{h} closed {h.his} eyes and made a new wish.",
    )
    s.say(h, f"I wish that {f} could be happy again.", f"I wish for a smile on {f.s} face.", mood="calm")
    s.add(
        f"Then {h} took {f} by the {h.hand} and invited {f.him} for supper."
        if h.hand == f.hand and h.hand in ("hand", "paw")
        else f"Then {h} invited {f} for supper."
    )
    food, drink = s.pick(lex.DISHES), s.pick(lex.DRINKS)
    s.add(f"They had {food} and {drink}.", f"There was {food}, and afterward {drink}.")
    s.q("food", "What did they eat for supper?", food)
    s.add(
        f"They told stories and sang, and soon {f} was laughing.",
        f"Before long, {f} smiled for the first time that day.",
    )
    s.say(f, "My heart feels lighter now.", "Thank you. You made my day.", mood=s.one("", "happy"))
    s.add(f"{h} understood that this wish had come true.", f"And {h} knew who had made the wish come true.")
    b.close(s, "The best wishes are the ones we make for others.", friend=f)


def magic_brush(s: Story) -> None:
    """Whatever is drawn becomes real, a wild animal too."""
    h = s.lead(s.child())
    item = s.thing(["paintbrush", "crayon", "pencil"])
    giver = s.one("an old woman", "an old man", "a tiny wizard", "a stranger in a long cloak")
    begin(s, f"helped {giver} carry a heavy bag")
    s.add(f"As a thank-you, {h} was given {an(item.full)}.", f"{giver} smiled and gave {h} {an(item.full)}.")
    s.q("who", f"Who gave {h} the {item}?" if "smiled" in s.sentences[-1] else f"Who did {h} help?", giver)
    s.q("color", f"What color was the {item}?", item.color)
    s.add(
        f"The gift was magic! Whatever {h} drew became real.",
        f"{h} drew a small {s.one('bird', 'apple', 'butterfly')}, and it became real!",
    )
    first = s.one(("a cookie", "cookie"), ("an apple", "apple"), ("a sandwich", "sandwich"))
    s.add(f"{h} drew {first[0]} and ate it.", f"First {h} drew {first[0]}. It tasted delicious.")
    s.q("what", f"What food did {h} draw?", first[0])
    s.para()
    wild = s.one("a lion", "an elephant", "a dragon", "a rhino", "a crocodile")
    s.add(f"Then {h} got silly and drew {wild}.", f"Next, {h} wanted a pet, so {h.he} drew {wild}.")
    s.q("what", f"What animal did {h} draw?", wild)
    noun = wild.split(" ", 1)[1]
    s.add(
        f"The {noun} stepped on the flowers and knocked over the fence.",
        f"The {noun} chased the hens and sat down on the garden bench. Crack!",
        f"The {noun} drank all the water from the well and wanted more.",
    )
    s.say(h, "Stop! Please stop!", "What have I done?", "Oh no! This is too much.")
    fix = s.one(
        ("a cage", "cage"), ("a door back to its home", "door"), ("a lullaby book", "book"), ("a big eraser", "eraser")
    )
    if fix[1] == "eraser":
        s.add(f"Quickly, {h} drew {fix[0]} and rubbed the {noun} out.")
    elif fix[1] == "door":
        s.add(f"Quickly, {h} drew {fix[0]}, and the {noun} walked through.")
    elif fix[1] == "book":
        s.add(f"Quickly, {h} drew {fix[0]} and read from it until the {noun} shrank to the size of a kitten.")
    else:
        s.add(f"Quickly, {h} drew {fix[0]} that rolled the {noun} gently back to the jungle.")
    s.q("how", f"What did {h} draw to solve the problem?", fix[0])
    s.add(f"After that, {h} used the {item} only to help.", f"From then on, {h} drew only useful things.")
    good = s.one(
        "warm coats for the poor",
        "bread for the hungry",
        "a bridge over the river",
        "a new roof for the school",
        "flowers for the sick",
    )
    s.add(f"{h.He} drew {good}.", f"And so {h} drew {good}, and everyone was glad.")
    s.q("what", f"What good thing did {h} draw?", good)
    b.close(s, "Great gifts should be used with care.", "Magic is best when it helps others.")


def robot_friend(s: Story) -> None:
    """A robot learns what a friend is."""
    h = s.lead(s.child())
    name = s.one("Beep", "Bolt", "Gizmo", "Rivet", "Clank", "Tock", "Widget", "Sprocket")
    color = s.pick(["silver", "blue", "green", "red", "orange", "gray"])
    eyes = s.pick(["blue", "green", "yellow", "red"])
    place = s.one("in the attic", "in the garage", "in the old shed", "in the cellar", "behind the workshop")
    begin(s, f"found a small {color} robot {place}", weather="any")
    s.q("color", "What color was the robot?", color)
    s.q("where", f"Where did {h} find the robot?", place)
    s.add(f"{h} pressed a button, and the robot opened its {eyes} eyes.", f"Suddenly the robot opened its {eyes} eyes.")
    s.q("color", "What color were the eyes of the robot?", eyes)
    s.add(f'"Hello," it said. "My name is {name}."', f'"I am {name}," it said. "Who are you?"')
    s.q("name", "What was the name of the robot?", name)
    s.say(h, f"I am {h}. Do you want to be my friend?", f"My name is {h}. Will you be my friend?")
    s.add(f'"What is a friend?" asked {name}.')
    s.para()
    base, past, _ = s.pick(
        [a for a in lex.ACTIVITIES if a[0] not in ("swim in the pond", "splash in the water", "dance in the rain")]
    )
    s.add(f"So {h} showed {name} how to {base}.", f"{h} laughed and taught {name} to {base}.")
    s.q("what", f"What did {h} teach {name}?", base)
    s.add(
        f"{name} was clumsy at first. It bumped into {s.one('a chair', 'the door', 'a flower pot', 'the cat')}.",
        f"{name} tried, but its wheels went the wrong way.",
    )
    s.add(f"Then {name} stopped. Its light grew dim.", f"In the evening, {name} became slower and slower.")
    s.say(h, f"{name}! What is wrong?", f"Please don't stop, {name}!", mood="sad")
    part = s.one("a new battery", "a drop of oil", "a new spring", "a tiny screw")
    n = s.neighbor(s.one("clockmaker", "carpenter", "blacksmith"))
    s.add(f"{h} carried {name} to {n}, the {n.kind}.", f"{h} ran to get {n}, the {n.kind}.")
    s.say(n, f"It only needs {part}.", f"Let me see. Ah! All it needs is {part}.", mood=s.one("", "calm"))
    s.q("what", f"What did {name} need?", part)
    s.q("helper", f"Who fixed {name}?", n.name)
    s.add(f"A moment later, the {eyes} eyes shone again.", f"{name} beeped and lit up again.")
    s.add(f'"Now I know what a friend is," said {name}.', f'"You helped me," said {name}. "That is what a friend is."')
    b.close(s, "A friend is somebody who cares for you.", f"{h} and {name} were never apart after that.")


def small_dragon(s: Story) -> None:
    """A dragon without fire finds out what it is good for."""
    h = s.lead(s.animal([["dragon", "paw"]]))
    color = s.pick(["green", "red", "blue", "purple", "golden", "silver"])
    f = s.child() if s.chance(0.5) else s.animal(lex.HOLDERS)
    begin(
        s, s.one("tried to breathe fire", f"sat alone in front of {h.his} cave"), trait=s.one("shy", "gentle", "quiet")
    )
    s.add(f"{h.He} was {color} from head to tail.", f"{h} had shiny {color} scales.")
    s.q("color", f"What color was {h}?", color)
    other = s.one("only bubbles", "only a puff of smoke", "only a hiccup", "only a few sparks", "only warm air")
    s.add(
        f"All the other dragons could breathe fire. But from {h.s} mouth came {other}.",
        f"When the big dragons roared, flames came out. When {h} roared, out came {other}.",
    )
    s.q("what", f"What came out of {h.s} mouth?", other[5:])
    s.say(h, "I am not a real dragon.", "Something is wrong with me.", mood="sad")
    s.add(f"The other dragons laughed, so {h} went away to the hills.", f"{h} hid where nobody could see {h.him}.")
    s.para()
    s.add(f"There {h.he} met {f.first}, who was not afraid.", f"One day, {f.first} came up the path.")
    b.animal_fact(s, f)
    s.say(f, "Hello! Why are you sad?", "Are you a real dragon?", "You have beautiful scales!", mood=s.one("", "kind"))
    s.say(h, "I can't breathe fire like the others.", "I am a dragon without fire.", mood="sad")
    if "bubbles" in other:
        use = "The bubbles floated up and shone in every color. Everyone in the village came to see them."
        praise = "Your bubbles make people happy!"
    elif "smoke" in other:
        use = "With little puffs of smoke, they made pictures in the sky. Everyone in the village came to see them."
        praise = "Your smoke can paint the sky!"
    elif "hiccup" in other:
        use = "The hiccup was so funny that everyone in the village began to laugh."
        praise = "You can make anybody laugh!"
    elif "sparks" in other:
        use = "That night, the sparks danced like tiny stars over the village."
        praise = "Your sparks are prettier than any fire!"
    else:
        use = "It was winter, and the warm air melted the ice on every door in the village."
        praise = "You keep everybody warm!"
    s.say(f, "Show me what you can do!", "Try it once for me!")
    s.add(use)
    s.say(f, praise, mood="happy")
    b.glad(s)
    s.q("who", f"Who helped {h} feel better?", f.name)
    b.close(s, "Being different can be a gift.", f"{h} never wished to be like the others again.", friend=f)


def night_train_of_stars(s: Story) -> None:
    """A fallen star is brought back to the sky."""
    h = s.cast(0.7)
    s.night = True
    star = s.fresh(lex.PET_NAMES_F)
    spot = s.pick(lex.SPOTS_OUT)
    begin(s, "could not sleep and looked out at the sky", clock="night")
    s.add("Suddenly a tiny star fell down, right into the garden.", "Then one little star lost its hold and fell.")
    s.add(f"{h} tiptoed outside and found it {spot}.", f"{h} found it {spot}, still glowing.")
    s.q("where", f"Where did {h} find the star?", spot)
    s.add(f'"Hello," it whispered. "I am {star}."', f'"My name is {star}," it said. "I want to go home."')
    s.q("name", "What was the name of the star?", star)
    s.say(h, "Don't cry. I will help you.", "How did you fall?", "You are so bright!", mood="kind")
    s.add(
        f'"I laughed too hard," said {star}.' if "How" in s.sentences[-1] else f'"The sky is so far away," said {star}.'
    )
    s.para()
    s.add(
        f"First {h} climbed the tallest tree, but it was not high enough.",
        f"First {h} tried to throw the star up, but it fell back.",
    )
    s.yn(false="Did the first try work?")
    helper = s.creature(["owl", "bat", "moth", "dove"])
    s.add(f"Then {helper.first} came by.", f"Then {h} called {helper.first}.")
    s.q("animal", "What animal came to help?", helper.kind)
    s.say(helper, "I can fly, but not that high.", "The clouds are too cold for me.")
    item = s.thing(["kite", "balloon"])
    s.add(
        f"So {h} had an idea. {h.He} tied the star to {an(item.full)}.",
        f"At last, {h} fetched {an(item.full)} and tied {star} to it.",
    )
    s.q("how", f"What did {h} tie the star to?", item.noun)
    s.q("color", f"What color was the {item}?", item.color)
    s.add(
        f"{helper.cap} pulled the {item} up, higher and higher.", f"The night wind and {helper} carried it up and up."
    )
    s.add(f"With a blink, {star} was back in the sky.", f"Up there, all the other stars made room for {star}.")
    s.say(h, f"Good night, {star}!", "Goodbye, little star!", mood="happy")
    s.add(f"{star} winked {s.one('twice', 'three times', 'once')}.")
    s.q(
        "count",
        f"How many times did {star} wink?",
        s.sentences[-1].split()[-1][:-1] if "times" not in s.sentences[-1] else "three",
    )
    b.close(
        s,
        f"Every night after that, one star shone a little brighter above {h.s} home.",
        "Even the stars need a friend sometimes.",
    )
