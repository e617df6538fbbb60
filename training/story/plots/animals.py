"""Animals in need."""

from __future__ import annotations

from story import beats as b
from story import lexicon as lex
from story.english import an, plural
from story.openings import begin
from story.world import Story


def baby_animal(s: Story) -> None:
    """A lost young animal is brought back to its mother."""
    h, place = s.cast(0.65), s.outdoor()
    baby, mother = s.pick(lex.BABIES)
    if h.kind == mother:
        baby, mother = "duckling", "duck"
    begin(
        s,
        s.one(
            f"was walking {place.at}".replace("walking on the beach", "walking along the beach"),
            f"went {place.to}",
            f"was on {h.his} way {place.to}",
        ),
    )
    sound = s.one("a soft cry", "a tiny voice", "a little sound")
    spot = s.pick(lex.SPOTS_OUT)
    s.add(
        f"Suddenly {h} heard {sound}. {h.He} looked {spot}.",
        f"Suddenly there was {sound} {spot}. {h} stopped to listen.",
    )
    s.add(f"There was a little {baby}, all alone.", f"It was a lost {baby}, and it was shaking.")
    s.q("animal", f"What animal did {h} find?", baby)
    s.para()
    s.say(h, "Are you lost, little one?", "Where is your mother?", "Oh, you poor thing!", mood=s.one("", "kind"))
    s.add(
        f"The {baby} only looked at {h.him} with big, wet eyes.",
        f"The {baby} gave a sad little cry.",
        f"The {baby} came closer and leaned against {h.him}.",
    )
    if s.chance(0.5):
        wrap = s.thing(["scarf", "blanket", "coat", "sweater", "hat"])
        s.add(f"{h} wrapped the {baby} in {an(wrap.full)} to keep it warm.")
        s.q("color", f"What color was the {wrap} that kept the {baby} warm?", wrap.color)
    first = s.pick([x for x in lex.FARM_ANIMALS if x not in (mother, "calf")])
    s.add(
        f"They asked {an(first)}, but the {first} shook its head.",
        f"First they met {an(first)}. It had not seen the mother.",
    )
    s.yn(false=f"Was the {first} the mother of the {baby}?")
    where = s.outdoor()
    s.add(
        f"At last, they came {where.to}. A {mother} was calling and calling."
        if mother[0] not in "aeiou"
        else f"At last, they came {where.to}. An {mother} was calling and calling.",
        f"Then, {where.at}, they saw a big {mother}. She was looking everywhere.",
    )
    s.q(
        "where",
        f"Where did they find the mother of the {baby}?",
        where.at if where.at in s.sentences[-1] else where.name,
    )
    s.add(f"The {baby} ran straight to her.", f"The {baby} gave a happy cry and ran to its mother.")
    if s.chance(0.6):
        s.say_unnamed(
            f"the {mother}",
            "Thank you for bringing my baby home!",
            "You found my little one! Thank you.",
            "I was so worried. Thank you, dear friend.",
        )
    b.glad(s)
    b.close(
        s,
        f"{h} waved until they were out of sight.",
        f"{h} felt proud to have helped.",
        "Even a small act of kindness can be very big for someone else.",
    )


def hurt_bird(s: Story) -> None:
    """A bird with a hurt wing or leg is nursed until it can fly."""
    h, e = s.cast(0.8), s.elder()
    bird = s.pick(["sparrow", "robin", "pigeon", "dove", "crow", "swallow", "owl", "blackbird"])
    part = s.one("wing", "leg", "foot")
    place = s.outdoor()
    begin(s, s.one(f"went {place.to}", f"was playing {place.at}"), weather="any")
    s.add(
        f"{h} found {an(bird)} on the ground. Its {part} was hurt.", f"On the ground lay {an(bird)} with a hurt {part}."
    )
    s.q("animal", f"What animal did {h} find?", bird)
    s.q(
        "what",
        f"What was wrong with the {bird}?",
        f"hurt {part}" if f"hurt {part}" in s.sentences[-1] else f"Its {part} was hurt",
    )
    box = s.thing(["box", "basket", "hat", "scarf", "bucket"])
    s.add(f"{h} put it gently into {box.a}.", f"Very carefully, {h} carried it home in {box.a}.")
    s.q("color", f"What color was the {box}?", box.color)
    s.say(h, "Will it fly again?", "Can we help it?", mood=s.one("", "sad"))
    if False:
        s.say(
            e, "Yes, if we take good care of it.", "It needs rest, food and water.", "Let's try our best.", mood="kind"
        )
    else:
        s.add(f'"It needs rest and care," said {e.first}.', f'"We will try our best," said {e.first}.')
    s.para()
    food = s.one("seeds", "bread crumbs", "berries", "small worms", "oats")
    days = s.number(3, 12)
    s.add(f"Every day, {h} fed the {bird} some {food}.", f"{h} gave it water and {food}.")
    s.q("food", f"What did the {bird} eat?", food)
    name = s.fresh(lex.PET_NAMES_M)
    s.maybe(0.6, f"{h} called it {name}.", f"{h} named the {bird} {name}.")
    if name in s.sentences[-1]:
        s.q("name", f"What did {h} call the {bird}?", name)
    s.add(f"Slowly, the {bird} got better.", f"Bit by bit, the {bird} grew strong.")
    s.add(f"After {days} days, it was ready to fly.", f"It took {days} days, and then the {bird} spread its wings.")
    s.q("count", f"After how many days could the {bird} fly?", days)
    s.add(f"{h} was a little sad, but {h.he} opened the window.", f"{h} took it outside and let it go.")
    s.say(h, "Goodbye, little friend.", "Fly high!", "Come back soon!")
    s.maybe(
        0.7,
        f"The next morning, {h} heard a song. The {bird} was sitting in a tree nearby.",
        f"The {bird} circled once above {h} and flew away.",
        f"In spring, the {bird} built a nest close to the house.",
    )
    b.close(s, "If you love something, sometimes you must let it go.", f"{h} knew that {h.he} had done a good thing.")


def stuck_in_mud(s: Story) -> None:
    """A farm animal sinks in the mud, and many pull it out together."""
    h = s.cast(0.6)
    n = s.neighbor("farmer")
    animal = s.pick(["cow", "donkey", "pony", "goat", "sheep", "calf", "pig"])
    place = s.outdoor()
    begin(s, s.one(f"was walking {place.to}", f"went {place.to}"), weather="wet")
    s.add(f"{an(animal)} was stuck in deep mud.", f"{h} saw {an(animal)} that was stuck in the mud.")
    s.q("animal", "What animal was stuck in the mud?", animal)
    s.add(f"The more the {animal} moved, the deeper it sank.", f"The {animal} looked at {h} with sad eyes.")
    s.say(h, "Don't worry. I will get you out.", "Poor thing! I have to do something.")
    s.add(
        f"{h} pulled and pulled, but the {animal} was too heavy.",
        f"{h} pushed with all {h.his} might. The {animal} did not move.",
    )
    s.para()
    s.add(
        f"So {h} ran to get help. {h.He} met {n}, the farmer.", f"{h} ran down the road and found a farmer named {n}."
    )
    others = s.some(
        [
            "two strong boys",
            "a mail carrier",
            "an old man with a cane",
            "three children",
            "a woman on a bicycle",
            "a big dog",
        ],
        2,
    )
    s.say(n, "We need a rope and many friends!", "I have a long rope. Let's go!", "We will do it together.")
    s.q("helper", f"Which farmer helped {h}?", n.name)
    s.add(
        f"On the way, {others[0]} and {others[1]} joined them.", f"Soon {others[0]} and {others[1]} came to help too."
    )
    s.q("who", "Who else came to help?", f"{others[0]} and {others[1]}")
    s.add("Everyone took hold of the rope. One, two, three, pull!", "They all pulled as hard as they could.")
    s.add(f"With a loud plop, the {animal} was free!", f"Slowly, slowly, the {animal} came out of the mud.")
    s.add(
        "Everybody was covered in mud from head to toe, and everybody laughed.",
        f"The {animal} shook itself and splashed mud on everyone.",
        f"The {animal} licked {h.s} face.",
    )
    b.close(
        s,
        "When many pull together, nothing is too heavy.",
        f"{h} needed a very long bath that evening.",
        "Nobody is strong enough alone, but together we are.",
    )


def tiny_rescue(s: Story) -> None:
    """A saved insect pays the hero back."""
    h = s.cast(0.6)
    insect = s.pick(["ant", "bee", "ladybug", "beetle", "cricket", "butterfly", "spider", "snail"])
    s.used.add(insect)
    water = s.one("a puddle", "the stream", "the pond", "a bucket of water")
    begin(s, s.one(f"stopped beside {water}", f"was sitting beside {water}"), weather=s.one("fair", "wet"))
    s.add(f"{an(insect)} had fallen into the water.", f"{h} saw {an(insect)} in the water.")
    s.q("animal", "What fell into the water?", insect)
    s.q("where", f"Where was {h} when it happened?", f"beside {water}")
    s.add(
        "It kicked its tiny legs, but it could not get out." if insect != "snail" else "It could not get out.",
        "It was too weak to get out.",
    )
    s.say(h, "Hold on, little one!", "Wait, I will save you!")
    tool = s.one("a leaf", "a twig", "a feather", "a blade of grass", "a piece of bark")
    s.add(f"{h} took {tool} and held it out.", f"Quickly, {h} put {tool} on the water.")
    s.q("how", f"What did {h} use to save the {insect}?", tool)
    s.add(
        f"The {insect} climbed up, and {h} set it down on a warm stone.",
        f"The {insect} held on tight, and {h} lifted it out.",
    )
    s.say_unnamed(
        f"the {insect}", "Thank you! One day, I will help you too.", "You saved my life! I will not forget it."
    )
    s.say(h, "You are so small. How could you help me?", "That is kind of you.", mood="kind")
    s.para()
    s.add(f"A few days later, {h} was in trouble.", f"Not long after, {h} needed help {h.self}.")
    trouble = s.one(
        "lost a key",
        "got a thorn in " + h.his + " foot",
        "lost the way home",
        "could not find the last button",
        "dropped a ring into a crack",
    )
    s.add(f"{h.He} had {trouble}.".replace("had got a", "had gotten a").replace("had could not find", "could not find"))
    if "thorn" in trouble:
        fix = f"The {insect} climbed up and pulled the thorn out."
    elif "way home" in trouble:
        fix = f"The {insect} knew the way and led {h} home."
    else:
        fix = f"The {insect} was small enough to slip into the crack and found it."
    s.add("Nobody knew what to do.", f"{h} sat down and sighed.")
    s.add(f"Then a tiny voice spoke. It was the {insect}!", f"Who should come along but the {insect}?")
    s.say_unnamed(f"the {insect}", "Now it is my turn.", "Let me help you this time.")
    s.add(fix)
    s.q("helper", f"Who helped {h} in the end?", f"the {insect}")
    s.say(h, "Now I see how big a small friend can be.", "Thank you, my tiny friend!", mood="happy")
    b.close(s, "No one is too small to help.", "A good deed comes back to you.")


def winter_birds(s: Story) -> None:
    """A bird feeder is made for hungry birds in the snow."""
    h, e = s.cast(0.8), s.elder()
    n = s.number(3, 9)
    bird = s.one("sparrow", "robin", "finch", "crow", "pigeon", "blackbird")
    begin(s, "looked out of the window", weather="snow", clock=s.one("morning", "day", "afternoon"))
    s.add(f"There were {n} {plural(bird)} on the fence.", f"On the fence sat {n} cold little {plural(bird)}.")
    s.q("count", f"How many {plural(bird)} were there?", n)
    s.q("animal", "What birds were on the fence?", plural(bird))
    s.say(h, "Why do they look so sad?", "Are they hungry?", "What do they eat in the winter?")
    s.add(
        f'"The snow has covered all their food," said {e.first}.',
        f'"They cannot find any seeds in the snow," said {e.first}.',
    )
    s.q(
        "why",
        "Why were the birds hungry?",
        "The snow has covered all their food" if "covered" in s.sentences[-1] else "cannot find any seeds",
    )
    s.say(h, "Then we must feed them!", "Can we help them?", "I have an idea.")
    house = s.thing(["box", "house", "bowl", "tray", "basket"])
    s.para()
    s.add(
        f"They made a bird feeder out of {an(house.full)}.",
        f"{h} took {an(house.full)}, and they turned it into a bird feeder.",
    )
    s.q("color", f"What color was the {house}?", house.color)
    food = s.one("sunflower seeds", "bread crumbs", "nuts and oats", "dried berries", "corn")
    tree = s.pick(lex.TREES)
    s.add(
        f"They filled it with {food} and hung it in the {tree}.", f"{h} put {food} into it and hung it in the {tree}."
    )
    s.q("food", "What did they put in the bird feeder?", food)
    s.q("where", "Where did they hang the bird feeder?", tree)
    s.add("At first, the birds were too shy to come.", f"{h} waited behind the curtain, as quiet as a mouse.")
    s.add(f"Then one brave {bird} came, and then another.", f"Soon all the {plural(bird)} were eating.")
    b.glad(s)
    s.add(f"All winter long, {h} filled the feeder.", f"Every morning before breakfast, {h} gave them more.")
    s.add(
        f"In spring, the {plural(bird)} sang the sweetest songs under {h.s} window.",
        f"When the snow melted, the {plural(bird)} sang to say thank you.",
    )
    b.close(s, "Kindness keeps the whole world warm.", f"{h} felt warm inside, even in the cold.")


def hat_in_wind(s: Story) -> None:
    """The wind takes a hat, and a bird makes its nest in it."""
    h = s.cast(0.75)
    hat = s.thing(["hat", "cap", "bonnet", "bandana", "beret"])
    place, place2 = s.outdoor(), s.outdoor()
    begin(s, s.one(f"was walking {place.to}", f"went {place.to}"), weather="wind", item=hat)
    s.add(
        f"Whoosh! The wind took the {hat} and carried it away.",
        f"Suddenly the wind pulled the {hat} from {h.his} head.",
    )
    s.say(h, f"Come back, {hat}!", f"My {hat}! Stop!", "Catch it!")
    n = s.neighbor()
    s.add(
        f"It flew past {n}, the {n.kind}, who jumped but could not catch it.",
        f"It rolled between the feet of {n}, the {n.kind}.",
    )
    s.q("who", f"Who saw the {hat} fly by?", n.name)
    s.add(
        f"It flew over a fence, across a road, and all the way {place2.to}.",
        f"Up and down it went, all the way {place2.to}.",
    )
    s.q("where", f"Where did the wind carry the {hat}?", place2.name)
    s.add(f"{h} ran after it until {h.his} legs were tired.", f"{h} chased it and did not stop.")
    s.para()
    bird, count = s.one("robin", "sparrow", "dove", "blackbird", "finch"), s.number(2, 5)
    s.add(
        f"When {h} found the {hat}, {an(bird)} was sitting in it.",
        f"The {hat} had landed in a bush, and {an(bird)} had already moved in.",
    )
    s.q("animal", f"What animal was in the {hat}?", bird)
    s.say(h, "That is my hat!" if hat.noun == "hat" else f"That is my {hat}!", "Excuse me, little bird. That is mine.")
    s.add(
        f"But the {bird} was building a nest. It had carried in grass and feathers.",
        f"The {bird} looked up. Under its wings were {count} tiny eggs.",
    )
    if "tiny eggs" in s.sentences[-1]:
        s.q("count", "How many eggs were there?", count)
    s.add(f"{h} smiled and let the {bird} keep it.", f"{h} did not have the heart to take it away.")
    s.say(h, "You need it more than I do.", "Now it is the finest nest in the land.", mood="kind")
    s.yn(false=f"Did {h} take the {hat} home?")
    s.maybe(
        0.7,
        f"A few weeks later, small birds were chirping in the {hat}.",
        f"Every day after that, {h} came to visit the {bird}.",
    )
    b.close(
        s,
        "Sometimes losing a thing is a way of giving it.",
        f"{h} went home with messy hair and a happy heart." if h.human else f"{h} went home with a happy heart.",
    )
