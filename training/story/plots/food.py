"""Eating and cooking."""

from __future__ import annotations

from story import beats as b
from story import lexicon as lex
from story.english import some_cake
from story.openings import begin
from story.world import Story


def share_food(s: Story) -> None:
    """The hero shares a meal with a hungry animal."""
    h, place = s.cast(0.5), s.outdoor()
    one, many = s.pick(lex.SNACKS)
    number = s.number(2, 8)
    begin(
        s,
        s.one(
            f"packed {number} {many} and walked {place.to}",
            f"took {number} {many} {place.to} for lunch",
            f"sat down {place.at} to eat {number} {many}",
        ),
    )
    s.q("count", f"How many {many} did {h} have?", number)
    s.q("food", f"What did {h} bring to eat?", many)
    stranger = s.creature()
    s.maybe(0.5, f"{h} was very hungry.", f"The {many} smelled so good!", f"{h} could hardly wait to take a bite.")
    s.add(
        f"Then {h} saw {stranger.first} looking at the food.",
        f"Nearby sat {stranger.first}. It looked thin and hungry.",
        f"Just then, {stranger.first} came out from {s.pick(lex.SPOTS_OUT)}.".replace("from on top", "from behind"),
    )
    s.q("animal", f"What animal did {h} meet?", stranger.kind)
    s.para()
    s.say(
        stranger,
        "I have not eaten all day.",
        f"Those {many} smell wonderful.",
        "I am so hungry.",
        mood=s.one("", "sad", "shy"),
    )
    if s.chance(0.5):
        s.add(
            f"{h} thought for a moment. {h.He} wanted to keep all the {many}.",
            f"At first, {h} held the {many} close.",
            f"{h} looked at the {many}, and then at {stranger}.",
        )
        s.add(
            f"But {stranger} looked so sad.",
            f"Then {h} remembered how it felt to be hungry.",
            f"But {h} had a kind heart.",
        )
    s.say(
        h,
        "Would you like some?",
        "Please, have half of mine.",
        "Here, take some. There is enough for both of us.",
        mood=s.one("", "kind"),
    )
    s.add(
        f"They ate the {many} together, down to the last crumb.",
        "They sat side by side and ate.",
        f"{stranger.cap} ate one, and then another.",
    )
    s.q("who", f"Who shared the {many} with {stranger}?", h.name)
    s.yn(f"Did {h} share the {many}?")
    b.scenery(s)
    if s.chance(0.6):
        gift = s.thing(lex.TREASURES)
        s.add(
            f"To say thank you, {stranger} gave {h} {gift.a}.",
            f"Then {stranger} hurried away and came back with {gift.a} for {h}.",
        )
        s.q("color", f"What color was the {gift} that {stranger} gave to {h}?", gift.color)
        s.q("who", f"Who gave {h} the {gift}?", stranger.name)
        s.say(h, "It is beautiful!", f"I will keep this {gift} forever.", "What a lovely present!")
    else:
        s.say(stranger, "You are very kind.", "Thank you! I feel much better now.", "I will never forget this.")
    b.close(
        s,
        "Food tastes better when it is shared.",
        f"{h} learned that sharing makes everyone happy.",
        f"{h} went home with an empty basket and a full heart.",
        "A little kindness can make a new friend.",
    )


def missing_ingredient(s: Story) -> None:
    """A cake lacks one ingredient, and a neighbor has it."""
    h = s.cast(0.7)
    e = s.elder()
    cake, ing = s.pick(lex.CAKES), s.pick(lex.INGREDIENTS)
    occasion = s.one(
        "for the village fair", "for a birthday party", "for dinner", "for the school picnic", "just for fun"
    )
    begin(
        s,
        s.one(f"wanted to bake {some_cake(cake)} {occasion}", f"decided to bake {some_cake(cake)} {occasion}"),
        weather="any",
        companion=e,
    )
    s.q("want", f"What did {h} want to bake?", cake)
    s.add(
        "They washed their hands and put on their aprons."
        if h.human
        else "They washed their paws and found a big bowl."
        if h.hand == "paw"
        else "They found a big bowl and a spoon.",
        "They read the recipe together.",
        "Soon there was flour everywhere.",
    )
    s.add(
        f"But there was no {ing} left in the cupboard!",
        f"Then {e} looked in the cupboard. There was no {ing}!",
        f"They had everything except {ing}.",
    )
    s.q("what", "What was missing from the kitchen?", ing)
    s.para()
    s.say(h, f"We can't bake without {ing}.", f"Oh no! What can we do without {ing}?", mood=s.one("", "sad"))
    s.say(
        e,
        "Perhaps a neighbor has some.",
        "Go and ask our neighbor.",
        "Let's ask next door.",
        mood=s.one("", "calm", "kind"),
    )
    n = s.neighbor()
    if s.chance(0.5):
        other = s.neighbor()
        s.add(
            f"{h} went to see {other.first}, but {other.he} had no {ing} either.",
            f"First {h} asked {other.first}. {other.He} had none.",
        )
        s.yn(false=f"Did {other} have any {ing}?")
    s.add(f"Then {h} knocked at the door of {n.first}.", f"So {h} ran to the house of {n.first}.")
    s.say(h, f"Please, may I borrow some {ing}?", f"Do you have a little {ing} for us?")
    s.say(
        n,
        "Of course! Take all you need.",
        f"I have plenty of {ing}. Here you are!",
        "Yes, if you bring me a slice!",
        mood=s.one("", "happy"),
    )
    s.q("who", f"Who gave {h} the {ing}?", n.name)
    s.add(f"{h} hurried home with the {ing}.", f"{h} thanked {n.him} and ran all the way back.")
    s.add(
        f"Soon the {cake.split()[-1]} was in the oven, and the whole house smelled sweet.",
        "They mixed and stirred and baked.",
    )
    if s.chance(0.7):
        s.add(f"{h} brought the first slice to {n}.", f"When it was done, {h} took a big slice to {n}.")
        s.q("who", "Who got the first slice?" if "first" in s.sentences[-1] else "Who got a big slice?", n.name)
    s.add("It was the best they had ever tasted.", "It was warm and soft and sweet.", "Everyone asked for more.")
    b.close(
        s,
        "Good neighbors make everything sweeter.",
        f"{h} was proud of what they had made together.",
        "It is nice to have neighbors who help.",
    )


def giant_vegetable(s: Story) -> None:
    """A huge vegetable comes out of the earth only when the smallest helps too."""
    h = s.cast(0.5)
    one, _ = s.pick(lex.VEGETABLES[:8])
    helpers = [s.elder(), s.friend()]
    last = s.creature(["mouse", "bird", "frog", "chick", "hedgehog"])
    begin(s, f"found a huge {one} in the garden", home=False)
    s.q("what", f"What did {h} find in the garden?", one)
    s.add(
        f"The {one} was as big as {s.one('a chair', 'a wagon', 'a barrel', 'a bathtub')}.",
        f"Nobody had ever seen such a big {one}.",
    )
    s.add(f"{h} pulled and pulled, but the {one} did not move.")
    s.say(h, "I need more hands!" if h.hand == "hand" else "I need more help!", "It is stuck!", "Who will help me?")
    s.para()
    s.add(f"{helpers[0].first} came and pulled too. Still it did not move.")
    s.add(f"{helpers[1].first} came next. They pulled and puffed, but the {one} stayed where it was.")
    b.animal_fact(s, helpers[1])
    s.add(f"Then {last.first} came along.")
    s.say(last, "May I help?", "Let me try too!", mood=s.one("", "shy"))
    s.say(helpers[1], "You are so small!", "Every bit of help is welcome.", "Of course. Come and pull!")
    s.add(
        f"They all pulled together, and pop! Out came the {one}.",
        f"One, two, three, pull! With a loud pop, the {one} came out.",
    )
    s.q("animal", "What small animal helped at the end?", last.kind)
    s.q("helper", f"Who was the first to help {h}?", helpers[0].name)
    s.add("Everyone fell down in a heap and laughed.", "They all tumbled over backward.")
    s.add(
        f"That evening, there was {one} soup for the whole neighborhood.",
        f"They cooked a big pot of {one} stew and shared it.",
    )
    s.q("food", "What did they make?", f"{one} {'soup' if 'soup' in s.sentences[-1] else 'stew'}")
    b.close(s, "Even the smallest helper can make the difference.", "Big jobs need many friends.")


def too_many_sweets(s: Story) -> None:
    """The hero eats too many sweets and is sorry."""
    h = s.cast(0.6)
    one, many = s.pick(lex.BAKED)
    e = s.elder()
    n = s.number(6, 12)
    begin(s, f"saw a plate of {many} on the table", weather="any")
    s.q("food", f"What did {h} see on the table?", many)
    s.add(
        f"The {many} were for the {s.one('party', 'picnic', 'guests', 'neighbors')}.",
        f"{e.first} had baked the {many} that morning.",
    )
    s.say(h, "I will only take one.", "One won't hurt.")
    s.add(f"But one was not enough. {h} ate another, and another.", f"{h} ate one, then two, then three.")
    s.add(f"Soon {h.he} had eaten {n} {many}!", f"Before long, {n} {many} were gone.")
    s.q("count", f"How many {many} did {h} eat?", n)
    s.para()
    s.add(f"Then {h.s} tummy began to hurt.", f"{h} began to feel sick.", f"{h} held {h.his} tummy and groaned.")
    s.say(h, "Oh, my poor tummy!", "I feel terrible.", mood="sad")
    if e.first in " ".join(s.sentences + s.paragraphs):
        s.add(f"{e.cap} saw the empty plate and understood.", f"{e.cap} came in and saw the crumbs on {h.s} face.")
    else:
        s.add(f"{e.first} saw the empty plate and understood.", f"{e.first} came in and saw the crumbs on {h.s} face.")
    s.say(e, "Did you eat them all?", f"Where did all the {many} go?", mood="calm")
    s.say(h, "I ate them. I am sorry.", "It was me. I could not stop.", mood="sad")
    tea = s.one("mint tea", "warm water", "ginger tea")
    s.add(f"{e.cap} made some {tea} and tucked {h.him} in.", f"{e.cap} gave {h.him} {tea} and a hug.")
    s.q("what", f"What did {e} give {h} to drink?" if "gave" in s.sentences[-1] else f"What did {e} make for {h}?", tea)
    s.add(
        f"The next day, {h} helped to bake more {many}, and this time {h.he} shared them.",
        f"In the morning, {h} baked new {many} for everyone.",
    )
    b.close(s, "Too much of a good thing is not good at all.", f"{h} learned to stop when {h.he} had had enough.")


def stone_soup(s: Story) -> None:
    """A soup that begins with a stone gets something from everybody."""
    h = s.lead(s.animal() if s.chance(0.5) else s.child())
    names = [s.neighbor() for _ in range(3)] if h.human else [s.animal(lex.HOLDERS) for _ in range(3)]
    veg = s.some(["carrots", "potatoes", "onions", "beans", "peas", "cabbage", "mushrooms", "salt", "corn", "herbs"], 3)
    stone = s.pick(["gray", "white", "black", "brown", "red"])
    begin(s, "came to a village, tired and hungry", weather="any", home=False)
    s.add("But nobody wanted to share any food.", "Every door stayed closed.")
    s.say(h, "Then I will make soup from a stone!", "I only need a pot, some water and a stone.")
    s.add(
        f"{h} put a smooth {stone} stone into a pot of hot water.",
        f"{h} took a {stone} stone and dropped it into a big pot.",
    )
    s.q("color", "What color was the stone?", stone)
    if h.human:
        s.add("People came to look.", "Soon everyone was curious.")
    else:
        s.add("The others came to look.", "Soon everyone was curious.")
    s.para()
    lines = ["It smells good, but it needs a little more.", "It is almost perfect.", "What could make it even better?"]
    s.say(h, *lines)

    def title(p):
        return f"{p}, the {p.kind}," if h.human else f"{p} the {p.kind}"

    s.add(f"{title(names[0])} brought {veg[0]}.", f"{title(names[0])} came with some {veg[0]}.")
    s.add(f"{title(names[1])} added {veg[1]}.", f"Then {title(names[1])} ran home to fetch {veg[1]}.")
    s.add(f"Last of all, {title(names[2])} gave {veg[2]}.", f"{title(names[2])} found some {veg[2]} in the cellar.")
    for person, food in zip(names, veg):
        s.q("who", f"Who had {food} for the soup?", person.name)
        s.q("food", f"What did {person} put into the soup?", food)
    s.add("The soup bubbled and smelled better and better.", f"{h} stirred the pot and sang.")
    s.add("When it was ready, everyone got a bowl.", "They set up a long table and ate together.")
    s.say(names[0], "And all that from a stone!", "This is the best soup I ever had.", mood=s.one("", "happy"))
    s.say(
        h, "It was not the stone. It was all of you.", "It tastes so good because everyone gave something.", mood="kind"
    )
    b.close(s, "When everyone gives a little, there is enough for all.", f"{h} was no longer a stranger there.")


def picky_eater(s: Story) -> None:
    """A dish refused at lunch tastes good when a friend eats it."""
    h, e = s.cast(0.85, lex.HOLDERS), s.elder()
    dish = s.pick([d for d in lex.DISHES if d not in ("apple pie", "honey cake", "spaghetti", "warm bread")])
    like = s.pick(lex.SNACKS)[1]
    begin(s, "sat down at the table for lunch", weather="any", clock="day")
    s.add(f"{e.first} had made {dish}.", f"{e.first} put a bowl of {dish} on the table.")
    s.q("food", "What was there for lunch?", dish)
    s.say(h, "I don't like it.", f"I only eat {like}.", "It looks funny.", mood=s.one("", "cross"))
    s.say(e, "How do you know? You have never tried it.", "Just taste one spoon.", mood="calm")
    s.add(f"But {h} shook {h.his} head and pushed the bowl away.", f"{h} closed {h.his} mouth tight.")
    s.para()
    place = s.outdoor()
    s.add(
        f"That afternoon, {h} went {place.to} and played until {h.his} tummy rumbled.",
        f"Then {h} ran {place.to} and forgot all about lunch.",
    )
    s.q("where", f"Where did {h} go after lunch?", place.name)
    f = s.friend()
    s.add(
        f"There {h.he} met {f.first}, who was eating {dish} from a cup.",
        f"{f.first} was there too. {f.He} had a cup of {dish}.",
    )
    b.animal_fact(s, f)
    s.q("who", f"Who was eating {dish}?" if "eating" in s.sentences[-1] else f"Who had a cup of {dish}?", f.name)
    s.say(f, "This is my favorite!", "Mmm! Do you want to try some?", "You should taste this!", mood="happy")
    s.add(f"{h} was so hungry that {h.he} took a tiny taste.", f"{h} dipped in one spoon and closed {h.his} eyes.")
    s.add("It was warm and good.", "It was delicious!")
    s.say(h, "I like it!", "Why did nobody tell me that it is so good?", mood="happy")
    s.say(f, "I told you so!", "Now you know!")
    n = s.number(2, 5)
    s.add(f"At dinner, {h} ate {n} bowls.", f"That evening, {h} asked for {dish} and ate {n} bowls.")
    s.q("count", f"How many bowls did {h} eat?", n)
    s.maybe(0.7, f"{e.cap} only smiled.", f"{e.cap} did not say a word, but {e.his} eyes twinkled.")
    b.close(s, "You never know until you try.", f"After that, {h} always took one taste before saying no.")


def rained_out_picnic(s: Story) -> None:
    """It rains on a picnic, so it moves under a roof."""
    h = s.cast(0.65)
    f = s.friend()
    place = s.outdoor()
    food = s.pick(lex.SNACKS)[1]
    dish = s.pick(lex.CAKES)
    begin(s, s.one(f"planned a picnic {place.at}", f"wanted to have a picnic {place.at}"), companion=f)
    b.animal_fact(s, f)
    s.q("where", "Where did they want to have the picnic?", place.at)
    s.add(
        f"{h} packed {food}, and {f} brought {some_cake(dish)}.",
        f"In the basket were {food} from {h} and {some_cake(dish)} from {f}.",
    )
    s.q("food", f"What did {h} bring to eat?", food)
    s.q("food", f"What did {f} bring to eat?", dish)
    rug = s.thing(["blanket", "rug", "quilt", "tablecloth"])
    s.add(f"They spread out {rug.a}.", f"They sat down on {rug.a}.")
    s.q("color", f"What color was the {rug}?", rug.color)
    s.add(
        "Then a big drop fell on the basket. Plop!",
        "Suddenly dark clouds covered the sun.",
        "Just then, it started to rain.",
    )
    s.say(h, "Our picnic is ruined!", "Oh no, everything will get wet!", mood=s.one("", "sad"))
    s.para()
    shelter = s.one(
        "under the kitchen table",
        "in the barn",
        "in the old shed",
        "under a wide bridge",
        "in a dry cave",
        "on the porch",
    )
    s.say(
        f, f"No, it isn't. We can eat {shelter}!", f"Come on! Let's have our picnic {shelter}.", mood=s.one("", "happy")
    )
    s.q("where", "Where did they have the picnic in the end?", shelter)
    s.q("say", "Whose idea was it to move the picnic?", f.name)
    s.add("They picked everything up and ran.", "They laughed and ran through the rain.")
    s.add(
        f"They spread the {rug} again and listened to the rain while they ate.",
        "It was dry and cozy there, and the food tasted wonderful.",
    )
    s.maybe(
        0.5,
        "They told stories until the rain stopped.",
        f"A little {s.one('mouse', 'frog', 'bird', 'snail')} came to share the crumbs.",
    )
    s.yn("Did it rain on the day of the picnic?")
    b.close(
        s,
        "A little rain cannot spoil a day with a friend.",
        "Sometimes the second plan is better than the first.",
        friend=f,
    )
