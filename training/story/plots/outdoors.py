"""A day outdoors: garden, henhouse, camp, lake, beach, snow."""

from __future__ import annotations

from story import beats as b
from story import lexicon as lex
from story.english import an, cap
from story.openings import begin
from story.world import Story


def plant_seed(s: Story) -> None:
    """A seed is planted and watered, and after many days it flowers."""
    h, e = s.cast(0.65), s.elder()
    flower = s.pick(lex.FLOWERS)
    color = s.pick(lex.BRIGHT + ["white"])
    pot = s.thing(["pot", "bucket", "box", "bowl", "jar"])
    begin(s, f"found {s.one('a tiny seed', 'a strange little seed')} {s.pick(lex.SPOTS_OUT)}", home=False)
    s.say(h, "What will it grow into?", "What is inside this seed?")
    if s.chance(0.3):
        s.say(e, "Plant it, and you will see.", "Give it earth and water, and then wait.", mood=s.one("", "kind"))
    else:
        s.add(f'{cap(e.first)} smiled. "Plant it and see," {e.he} said.', f'"Let\'s plant it," said {e.first}.')
    s.add(f"So {h} put the seed into {pot.a} full of soft earth.", f"{h} planted the seed in {pot.a}.")
    s.q("color", f"What color was the {pot}?", pot.color)
    s.q("where", f"What did {h} plant the seed in?", pot.full)
    s.para()
    s.add(f"Every day, {h} gave it water.", f"Each morning, {h.he} watered it and talked to it.")
    s.add(
        "Nothing happened for a long time.",
        "A day passed, and then another. Nothing happened.",
        f"{h} looked and looked, but there was only dirt.",
    )
    if s.chance(0.6):
        s.say(h, "Maybe the seed is asleep.", "Why is it so slow?", "I don't think it will ever grow.", mood="sad")
        s.say(e, "Good things take time.", "Be patient, my dear.", "Wait a little longer.", mood=s.one("", "calm"))
        s.q("say", f"Who told {h} to wait?", e.name)
    days = s.number(5, 12)
    s.add(f"Then, after {days} days, a green tip came up.", f"After {days} days, there was a tiny green leaf!")
    s.q("count", f"After how many days did {h} see something green?", days)
    s.add(
        f"It grew and grew until one morning there was a {color} {flower}."
        if color != "orange"
        else f"It grew and grew until one morning there was an orange {flower}.",
        f"At last it opened its petals. It was {an(color)} {flower}!",
    )
    s.q("what", "What did the seed grow into?", flower)
    s.q("color", f"What color was the {flower}?", color)
    b.glad(s)
    if s.chance(0.4):
        friend = s.friend()
        s.add(f"{h} gave the {flower} to {friend.first}.")
        s.q("who", f"Who got the {flower}?", friend.name)
    b.close(
        s,
        f"{h} learned that good things come to those who wait.",
        "Some things cannot be hurried.",
        f"{h} saved the new seeds for next spring.",
    )


def caterpillar(s: Story) -> None:
    """A caterpillar is kept in a jar until it is a butterfly."""
    h, e = s.cast(0.75, lex.HOLDERS), s.elder()
    c1, c2 = (
        s.pick(["green", "yellow", "black", "brown"]),
        s.pick(["blue", "orange", "purple", "golden", "white", "red"]),
    )
    leaf = s.one("a cabbage leaf", "an oak leaf", "a rose bush", "a blade of grass", "a lettuce leaf")
    jar = s.thing(["jar", "box", "basket", "glass bowl"], ["red", "white", "blue", "silver", "gray"])
    begin(s, f"found {an(c1)} caterpillar on {leaf}", home=False)
    s.q("color", "What color was the caterpillar?", c1)
    s.q("where", "Where was the caterpillar?", f"on {leaf}")
    name = s.fresh(lex.PET_NAMES_M)
    s.say(h, f"I will call you {name}.", f"Hello! Your name is {name} now.")
    s.q("name", "What was the caterpillar called?", name)
    s.add(f"{h} put {name} in {an(jar.full)} with fresh leaves.", f"{h.He} made a home for {name} in {an(jar.full)}.")
    s.q("color", f"What color was the {jar}?", jar.color)
    s.add(f"{name} ate and ate and grew fat.", f"Every day, {name} ate every leaf there was.")
    s.para()
    s.add(
        f"One morning, {name} did not move. There was only a small brown case.",
        f"Then {name} spun a tiny blanket around itself and slept.",
    )
    s.say(h, f"Is {name} sick?", f"Where did {name} go?", mood=s.one("sad", ""))
    s.add(f'"Wait and see," said {e.first}.', f'"Something wonderful is happening inside," said {e.first}.')
    n = s.number(7, 12)
    s.add(f"They waited for {n} days.", f"{n} days went by.")
    s.q("count", "How many days did they wait?", n)
    s.add(
        f"Then the case opened, and out came {an(c2)} butterfly!",
        f"At last, {an(c2)} butterfly crawled out and shook its wings.",
    )
    s.q("color", "What color was the butterfly?", c2)
    s.say(h, "You have wings!", f"{name}, you are beautiful!", mood="happy")
    s.add(
        f"{h} opened the window, and {name} flew into the sunshine.",
        f"{h} carried {name} outside and watched it fly over the flowers.",
    )
    s.maybe_say(0.6, e, "Everyone changes when the time is right.", "You grow too, a little every day.", mood="kind")
    b.close(s, "Great changes take time.", f"Whenever {h} saw a butterfly, {h.he} waved.")


def counting_eggs(s: Story) -> None:
    """One of three hens has no eggs but chicks."""
    h = s.lead(s.child())
    e = s.elder()
    hens = [s.fresh(lex.PET_NAMES_F) for _ in range(3)]
    counts = [s.number(2, 7) for _ in range(3)]
    basket = s.thing(["basket", "bucket", "bowl", "box"])
    begin(s, "went to the henhouse to gather eggs", companion=e, clock="morning")
    s.add(f"{h} carried {an(basket.full)}.", f"They took {an(basket.full)} for the eggs.")
    s.q("color", f"What color was the {basket}?", basket.color)
    s.add(
        f"There were three hens, {hens[0]}, {hens[1]} and {hens[2]}.",
        f"The three hens were called {hens[0]}, {hens[1]} and {hens[2]}.",
    )
    s.add(f"{hens[0]} had {counts[0]} eggs.", f"Under {hens[0]} there were {counts[0]} eggs.")
    s.add(f"{hens[1]} had {counts[1]}." if "had" in s.sentences[-1] else f"Under {hens[1]} there were {counts[1]}.")
    s.q("count", f"How many eggs did {hens[0]} have?", counts[0])
    s.q("count", f"How many eggs did {hens[1]} have?", counts[1])
    s.add(f"But {hens[2]} had none, and she looked unhappy.", f"But {hens[2]} would not come out of her corner.")
    s.q("who", f"Which hen {'had no eggs' if 'none' in s.sentences[-1] else 'would not come out'}?", hens[2])
    s.para()
    s.say(h, f"What is wrong with {hens[2]}?", f"Is {hens[2]} ill?")
    s.say(e, "Let's look closer.", "I don't know. Be very quiet.", mood="calm")
    s.add(
        f"Softly, {h} crept nearer. Something moved under her feathers.",
        f"{h} knelt down and listened. Something said peep.",
    )
    n = s.number(3, 6)
    s.add(f"It was not eggs at all. It was {n} little chicks!", f"Out came {n} fluffy chicks, one after another!")
    s.q("count", "How many chicks were there?", n)
    one = s.pick(["black", "brown", "white", "gray"])
    s.maybe(0.7, f"All of them were yellow except one, which was {one}.")
    if "except one" in s.sentences[-1]:
        s.q("color", "What color was the chick that was not yellow?", one)
    s.say(h, "She is a mother now!", "They are so soft!", "Hello, little ones!", mood="happy")
    s.add(
        f"{e.cap} brought some grain and a bowl of water.",
        "They put fresh straw in the corner and closed the door softly.",
    )
    dish = s.one("pancakes", "an omelet", "boiled eggs", "a cake")
    s.add(f"Then they went in and made {dish} for breakfast.")
    s.q("food", "What did they make for breakfast?", dish)
    b.close(s, "Surprises hide in quiet corners.", f"{h} visited the chicks every day.")


def camping(s: Story) -> None:
    """A rustle in the dark beside the tent is only a small animal."""
    h = s.lead(s.child())
    e = s.elder()
    tent = s.pick(lex.BRIGHT)
    place = s.nature()
    begin(s, f"went camping {place.at}", companion=e)
    s.q("where", f"Where did {h} go camping?", place.at)
    s.add(
        f"They put up {an(tent)} tent and made a small fire.",
        f"They set up {an(tent)} tent and gathered wood for a fire.",
    )
    s.q("color", "What color was the tent?", tent)
    food = s.one("marshmallows", "beans", "sausages", "corn", "potatoes")
    s.add(
        f"For dinner, they roasted {food} over the fire."
        if food != "beans"
        else "For dinner, they cooked beans over the fire."
    )
    s.q("food", "What did they eat for dinner?", food)
    s.para()
    s.night = True
    s.add("When it was dark, the stars came out.", "Then the sky turned dark and full of stars.")
    n = s.number(5, 12)
    s.say(h, f"I can count {n} bright ones!", f"I found {n} stars in the shape of a ladle.")
    s.q("count", f"How many stars did {h} {'count' if 'count' in s.sentences[-1] else 'find'}?", n)
    s.add("Suddenly there was a rustle in the bushes.", "Then something snapped a twig near the tent.")
    s.say(h, "What was that?", "Is it a bear?", mood="afraid")
    c = s.creature(["rabbit", "hedgehog", "fawn", "squirrel", "raccoon", "mouse", "toad", "owl"])
    s.add(f"{e.cap} held up the lantern. It was only {c.first}.", f"They sat very still. Out came {c.first}.")
    s.q("animal", "What animal made the noise?", c.kind)
    s.say(
        e,
        "It only wanted to see who we are.",
        "It smelled our dinner.",
        "We are guests in its home.",
        mood=s.one("", "calm"),
    )
    s.add(f"{h} watched until it ran away.", f"{h} put down a crumb and watched it eat.")
    s.add(
        f"In the tent, {e} told a story about "
        + s.one("a brave knight", "a talking river", "the man in the moon", "a fox who wanted to fly", "a ship of gold")
        + "."
    )
    s.q("what", f"What was the story of {e} about?", s.sentences[-1].split("about ")[1][:-1])
    s.add(f"{h} fell asleep before it ended.", f"{h} listened until {h.his} eyes closed.")
    b.close(s, f"{h} hoped that they would come back soon.", "The night is full of friends when you look closely.")


def fishing_day(s: Story) -> None:
    """After a long wait a fish is caught, and let go again."""
    h = s.lead(s.child())
    e = s.elder()
    water = s.one("the lake", "the river", "the pond", "the sea")
    rod = s.thing(["fishing rod", "bucket", "net"])
    s.away = True
    begin(s, f"went fishing at {water}", companion=e)
    s.q("where", "Where did they go fishing?", water)
    s.add(
        f"{h} had {an(rod.full)}, and {e} had a folding chair.",
        f"{h} carried {an(rod.full)}. {e.cap} carried the lunch.",
    )
    s.q("color", f"What color was the {rod}?", rod.color)
    s.add("They sat and waited for a long time.", "The water was as smooth as glass.", "Nothing happened for an hour.")
    s.say(h, "When will a fish come?", "Are there any fish at all?", "This is taking so long.")
    s.say(e, "Fishing is mostly waiting.", "Be still and look around.", mood="calm")
    seen = s.some(
        [
            "a heron",
            "two dragonflies",
            "a water snake",
            "a muskrat",
            "a family of ducks",
            "an old turtle",
            "a blue bird",
        ],
        2,
    )
    s.add(
        f"So {h} looked around. {h.He} saw {seen[0]} and {seen[1]}.",
        f"{h} saw {seen[0]}, and a little later {seen[1]}.",
    )
    s.q("animal", f"What did {h} see while waiting?", seen[0])
    s.para()
    s.add("Suddenly the line jumped!", "Then there was a strong pull!")
    s.say(h, "I have one! Help me!", "It is a big one!", mood="")
    fish = s.one("a golden carp", "a silver trout", "a fat perch", "a spotted pike", "a tiny minnow")
    s.add(f"Together they pulled out {fish}.", f"They pulled and pulled, and out came {fish}.")
    s.q("what", "What did they catch?", fish)
    s.add(f"The fish looked at {h} with round eyes.", "It shone in the sun and opened and closed its mouth.")
    s.say(h, "It wants to go home.", "Can we let it go?", "It is too beautiful to eat.", mood=s.one("", "calm"))
    s.say(e, "That is a good idea.", "You caught it, so you may decide.", mood="kind")
    s.add(
        f"{h} put it gently back, and it swam away with a splash.",
        f"{h} let it slip into the water. It was gone in a flash.",
    )
    s.yn(f"Did {h} let the fish go?")
    food = s.one("cheese sandwiches", "tomato soup", "noodles", "cold pizza", "bread and butter")
    s.add(f"For dinner, they had {food} instead.", f"Then they sat in the grass and ate {food}.")
    s.q("food", "What did they eat?", food)
    b.close(s, "Sometimes the best catch is the one you let go.", f"{h} thought that it had been a perfect day.")


def sandcastle(s: Story) -> None:
    """The tide takes a sandcastle."""
    h = s.cast(0.85, lex.HOLDERS)
    f = s.friend() if s.chance(0.5) else s.sibling()
    s.away = True
    tool = s.thing(["bucket", "shovel", "cup"])
    begin(s, s.one("went to the beach", "spent the day at the beach"), companion=f)
    s.q("where", f"Where did {h} and {f} go?", "beach")
    s.add(
        f"They had {an(tool.full)} and built a huge sandcastle.", f"With {an(tool.full)}, they built a castle of sand."
    )
    s.q("color", f"What color was the {tool}?", tool.color)
    n = s.number(3, 8)
    deco = s.one("shells", "pebbles", "feathers", "seaweed", "bits of blue glass")
    s.add(f"It had {n} towers and a wall of {deco}.", f"It had {n} towers, and they covered them with {deco}.")
    s.q("count", "How many towers did the castle have?", n)
    s.q(
        "what",
        "What did they put on the castle?" if "covered" in s.sentences[-1] else "What was the wall made of?",
        deco,
    )
    s.say(f, "It is the best castle in the world!", "A king could live here.", "I hope it will stand forever.")
    c = s.one("crab", "starfish", "snail", "seagull")
    s.maybe(0.6, f"A little {c} came and sat on the highest tower.")
    if c in s.sentences[-1]:
        s.q("animal", "What animal sat on the highest tower?", c)
    s.para()
    s.add(
        "But the sea came closer and closer.",
        "Then the tide came in.",
        "Little by little, the waves crept up the sand.",
    )
    s.add("A big wave rolled over the wall, and one tower fell.", "Splash! A wave washed the first tower away.")
    s.say(h, "Our castle!", "Stop, sea! Go back!", "It will all be gone!", mood=s.one("", "sad"))
    s.add("They dug a ditch, but the water was too strong.", "They built the wall higher, but it did not help.")
    s.add("Soon there was only a smooth little hill of sand.", "In the end, there was nothing left but wet sand.")
    s.say(
        f,
        "We can build a new one tomorrow.",
        "The sea only wanted to play too.",
        "It was fun to build. We can do it again.",
        mood=s.one("", "kind"),
    )
    s.add(f"{h} laughed and jumped into the waves.", f"{h} looked at the shiny sand and nodded.")
    food = s.one("ice cream", "watermelon", "cold lemonade", "corn on the cob")
    s.maybe(0.7, f"Before they went home, they had {food}.")
    if food in s.sentences[-1]:
        s.q("food", "What did they have before they went home?", food)
    b.close(s, "Some things are beautiful even if they do not last.", friend=f)


def snowman(s: Story) -> None:
    """A snowman loses its nose or melts."""
    h = s.cast(0.8, lex.HOLDERS)
    f = s.friend() if s.chance(0.6) else s.sibling()
    begin(s, s.one("ran outside to play in the snow", "went out to build a snowman"), weather="snow", companion=f)
    if not f.human:
        b.animal_fact(s, f)
    s.add("They rolled three big balls of snow.", "They rolled the snow into balls and stacked them up.")
    wear, second = (
        s.thing(["hat", "scarf", "cap"]),
        s.thing(["scarf", "bow tie", "coat"]) if "scarf" not in s.used else s.thing(["bow tie", "coat", "belt"]),
    )
    nose = s.one("a carrot", "a pinecone", "a red apple", "an old cork", "a potato")
    s.add(
        f"{h} gave the snowman {wear.a}, and {f} gave it {second.a}.",
        f"{h} put {wear.a} on the snowman. {f} found {second.a} for it.",
    )
    s.q("color", f"What color was the snowman's {wear}?", wear.color)
    s.q("who", f"Who gave the snowman the {second}?", f.name)
    s.add(f"For a nose, they used {nose}.", f"Its nose was {nose}.")
    s.q("what", "What did the snowman have for a nose?", nose)
    name = s.one("Mr. Frost", "Snowy", "Captain Cold", "Lumpy", "Professor Snow", "Chilly")
    s.say(f, f"Let's call him {name}!", "He looks almost real!", "He needs a name.")
    if name not in s.sentences[-1]:
        s.say(h, f"His name is {name}.", f"Let's call him {name}.")
    s.q("name", "What was the name of the snowman?", name)
    s.para()
    if s.chance(0.5):
        thief = s.creature(["rabbit", "squirrel", "mouse", "bird", "fawn"])
        s.add(
            f"In the night, {thief.first} came and took the nose.",
            f"The next morning, the nose was gone! Small tracks led to {thief.first}.",
        )
        s.q("who", "Who took the nose?", thief.name)
        s.say(h, "It must have been hungry.", "Let's give it something to eat.", mood=s.one("", "kind"))
        s.add(f"They found a new nose and left some food for {thief}.")
    else:
        s.add(
            "A few days later, the sun grew warm, and the snowman began to melt.",
            "But then the warm sun came out, and the snowman grew smaller and smaller.",
        )
        s.say(h, f"Goodbye, {name}.", "Will he come back?", mood="sad")
        s.say(
            f,
            "He will come back next winter.",
            "He is only going to the river.",
            "We can build him again.",
            mood="kind",
        )
    b.close(s, f"{h} and {f} kept the {wear} for next winter.", "Winter is more fun with a friend.", friend=f)
