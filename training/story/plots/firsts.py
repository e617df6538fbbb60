"""First times: school, a new town, a stage, the doctor, a tooth, a skill."""

from __future__ import annotations

from story import beats as b
from story import lexicon as lex
from story.english import an, cap
from story.openings import begin
from story.world import Story


def first_day(s: Story) -> None:
    """The first day of school brings a friend."""
    h = s.lead(s.child())
    item = s.thing(["backpack", "lunch box", "pencil", "coat", "scarf", "hat"])
    begin(s, "got ready for the first day of school", clock="morning", item=item, trait=s.one("shy", "quiet", ""))
    e = s.elder()
    s.say(h, "What if nobody talks to me?", "What if I don't make any friends?", "I want to stay home.", mood="shy")
    s.say(
        e, "Just be yourself.", "Smile, and someone will smile back.", "Everyone feels that way at first.", mood="kind"
    )
    s.add(
        f"At school, {h} sat by {h.him + 'self'} near the {s.one('window', 'door', 'wall')}.",
        "The classroom was loud and full of children.",
    )
    s.para()
    teacher = s.neighbor("teacher")
    f = s.child()
    s.add(
        f"The teacher, {teacher}, asked everyone to find a partner.",
        f"{teacher}, the teacher, handed out paper and crayons.",
    )
    s.q("name", "What was the name of the teacher?", teacher.name)
    animal = s.pick(lex.ZOO_ANIMALS)
    s.add(
        f"A {f.kind} named {f} sat down next to {h}. {f.He} was drawing {an(animal)}.",
        f"Next to {h} was a {f.kind} named {f}. {f.He} drew {an(animal)}.",
    )
    s.q("what", f"What animal did {f} draw?", animal)
    s.say(h, f"I like your {animal}.", f"That is a great {animal}!", mood=s.one("", "shy"))
    s.say(
        f,
        f"Thanks! I like your {item}.",
        "Thank you! Do you want to draw too?",
        "Thanks! Do you want to be my partner?",
        mood=s.one("", "happy"),
    )
    s.q("name", f"Who became {h.s} friend?", f.name)
    game = s.one("tag", "hopscotch", "hide and seek", "catch", "a guessing game")
    s.add(f"At recess, they played {game}.", f"When the bell rang, they ran outside and played {game}.")
    s.q("what", f"What did {h} and {f} play?", game)
    b.small_talk(s, h, f)
    if s.chance(0.6):
        s.say(e, "How was it?", "How was your first day?")
    if s.sentences and s.sentences[-1].count("?"):
        s.say(h, "I made a friend!", "Can I go again tomorrow?", mood="happy")
    b.close(s, "A kind word can start a friendship.", f"{h} could not wait for the second day of school.", friend=f)


def new_home(s: Story) -> None:
    """A move to another town; somebody there wants to play."""
    h, e = s.cast(0.7), s.elder()
    town = s.pick(lex.TOWNS)
    begin(
        s, s.one(f"moved to a new home in {town}", f"packed everything into boxes and moved to {town}"), weather="any"
    )
    s.q("where", f"Where did {h} move?", town)
    s.add(
        "Everything felt strange and new.",
        f"{h} missed {h.his} old room." if h.human else f"{h} missed the old trees.",
        f"{h} did not know anyone there.",
    )
    s.say(h, "I want to go back.", "I miss our old home.", "I don't have any friends here.", mood="sad")
    s.say(
        e,
        "Give it a little time.",
        "Why don't you go outside and look around?",
        "A new place is full of new friends.",
        mood="kind",
    )
    s.para()
    f = s.friend()
    what = s.thing(lex.TOYS + lex.VEHICLES[:4])
    place = s.outdoor()
    who = f"a {f.kind} named {f.name}" if f.human else f.first.split("friend ")[-1]
    s.add(
        f"So {h} went {place.to}. There {h.he} saw {who} with {what.a}.",
        f"{cap(place.at)}, {h} met {who}, who had {what.a}.",
    )
    s.q("where", f"Where did {h} meet {f}?", place.name)
    b.item_facts(s, what, f)
    s.say(f, "Hello! Are you new here?", "Hi! Do you want to play?", f"Do you want to try my {what}?")
    if "new here" in s.sentences[-1]:
        s.say(h, "I just moved here.", "Yes. I don't know anyone yet.", mood=s.one("", "shy"))
    else:
        s.say(h, "Yes, please!", "I would love to.", mood=s.one("", "shy", "happy"))
    s.add(
        "They played until the sun went down.",
        "Before long, they were laughing like old friends.",
        f"{f} showed {h} all the best places to hide.",
    )
    b.small_talk(s, h, f)
    s.add(f"When {h} came home, {h.he} was smiling.", f"That evening, {h} unpacked the last box.")
    s.say(h, "I think I like it here.", "This is a good place after all.", mood=s.one("", "happy"))
    b.close(
        s,
        "A new place becomes home when you find a friend.",
        f"After that, {town} did not feel strange anymore.",
        friend=f,
    )


def stage_fright(s: Story) -> None:
    """A tip from a friend or elder helps the hero to play in front of everyone."""
    h = s.lead(s.child() if s.chance(0.7) else s.animal(lex.HOLDERS))
    inst = s.thing(lex.INSTRUMENTS)
    place = s.one(
        "in the school hall", "at the theater", "in the village square", "at the spring fair", "in the big barn"
    )
    begin(s, s.one(f"was going to play the {inst} {place}", f"had to play the {inst} {place}"), item=inst, hobby=False)
    s.q("what", f"What did {h} play?", inst.noun)
    s.q("where", f"Where was {h} going to play?", place)
    s.add("Many people came to listen." if h.human else "All the animals came to listen.", "Every seat was taken.")
    b.worried(s)
    s.say(h, "I can't do it.", "What if I make a mistake?", "Everyone will look at me.", mood="afraid")
    s.para()
    e = s.elder() if s.chance(0.5) else s.friend()
    s.add(
        f"{e.first} took {h.him} by the {h.hand}." if h.hand in ("hand", "paw", "wing") else f"{e.first} came close.",
        f"{e.first} whispered something to {h.him}.",
    )
    tip = s.one(
        "Look only at me",
        "Close your eyes and think of home",
        "Take three deep breaths",
        "Play as if nobody were there",
        "Just begin, and the music will do the rest",
    )
    s.say(e, f"{tip}.", mood="calm")
    s.q("say", f"What did {e} tell {h} to do?", tip)
    s.q("helper", f"Who helped {h} feel brave?", e.name)
    s.add(
        f"{h} walked onto the stage and lifted the {inst}."
        if inst.noun not in ("drum", "harp", "cello")
        else f"{h} walked onto the stage and sat down at the {inst}.",
        f"{h} did just that. Then {h.he} began to play.",
    )
    s.add(
        "The first note was shaky, but the second was clear.",
        "At first, the music was soft. Then it grew and filled the air.",
        f"{h} made one small mistake, but nobody minded.",
    )
    s.add("When it was over, everyone clapped.", "When the last note faded, there was a great cheer.")
    b.glad(s)
    s.say(e, "I knew that you could do it.", "That was beautiful!", mood=s.one("", "proud", "kind"))
    b.close(
        s,
        "Being brave means trying even when you are scared.",
        f"After that, {h} was not so afraid to play for others.",
    )


def doctor_visit(s: Story) -> None:
    """The doctor treats a toy before the child."""
    h = s.lead(s.child())
    e = s.elder()
    d = s.neighbor("doctor")
    hurt = s.one("knee", "ear", "arm", "throat", "tummy", "foot")
    toy = s.thing(["teddy bear", "doll", "stuffed rabbit", "toy dinosaur", "stuffed elephant", "toy robot"])
    begin(s, f"woke up with a sore {hurt}", clock="morning", weather="any")
    s.q("what", "What hurt?", hurt)
    b.own(s, toy)
    s.add(f'"We should see the doctor," said {e.first}.', f'"Let\'s have the doctor look at it," said {e.first}.')
    s.say(h, "I don't want to go!", "Will it hurt?", "I am scared.", mood="afraid")
    s.say(e, f"You can take your {toy} with you.", "I will stay with you the whole time.", mood="kind")
    fish = s.number(3, 9)
    s.add(
        f"In the waiting room, {h} counted {fish} fish in a tank.",
        f"While they waited, {h} watched {fish} fish in a tank.",
    )
    s.q("count", "How many fish were in the tank?", fish)
    s.para()
    s.add(f"The doctor, {d}, had a warm smile.", f"{d}, the doctor, shook {h.s} hand.")
    s.q("name", "What was the name of the doctor?", d.name)
    s.say(d, f"First, let's look at your {toy}.", f"And who is this? Is your {toy} sick too?", mood="kind")
    s.add(f"{d} listened to the heart of the {toy} and put a bandage on it.", f"{d} gave the {toy} a tiny bandage.")
    s.add(f"{h} giggled and was not so scared anymore.", f"That made {h} laugh.")
    color = s.pick(lex.BRIGHT)
    s.add(
        f"Then {d} looked at {h.s} {hurt} and gave {h.him} some {color} medicine."
        if hurt in ("throat", "ear", "tummy")
        else f"Then {d} cleaned {h.s} {hurt} and put {an(color)} bandage on it."
    )
    s.q(
        "color",
        f"What color was the {'medicine' if 'medicine' in s.sentences[-1] else 'bandage on ' + h.s + ' ' + hurt}?",
        color,
    )
    s.say(d, "You were very brave.", "You may choose a sticker.", mood="happy")
    sticker = s.pick(lex.ZOO_ANIMALS)
    s.add(f"{h} got a sticker with {an(sticker)} on it.", f"{h} chose a sticker of {an(sticker)}.")
    s.q("what", "What was on the sticker?", sticker)
    s.say(h, "It was not bad at all!", "Can we come again?", mood="happy")
    b.close(s, "Being brave is easier with a friend.", f"By the next day, the {hurt} was almost well.")


def wobbly_tooth(s: Story) -> None:
    """A wobbly tooth comes out while eating."""
    h = s.lead(s.child())
    e = s.elder()
    one, many = s.one(
        ("apple", "apples"), ("carrot", "carrots"), ("pretzel", "pretzels"), ("pear", "pears"), ("cracker", "crackers")
    )
    begin(s, "had a wobbly tooth", weather="any")
    s.add(
        "The tooth moved to the left. It moved to the right.",
        f"{h} could push the tooth with {h.his} tongue.",
        "The tooth wiggled every time it was touched.",
    )
    s.say(h, "Will it hurt when it comes out?", "What if I swallow it?", mood=s.one("", "afraid"))
    s.add(f'"It will fall out when it is ready," said {e.first}.', f'"Don\'t worry about it," said {e.first}.')
    f = s.friend()
    n = s.number(2, 6)
    s.add(f"{f.first} had already lost {n} teeth.", f"{f.first} was very proud, because {f.he} had lost {n} teeth.")
    s.q("count", f"How many teeth had {f} lost?", n)
    s.say(f, "It only tickles!", "It does not hurt at all.", "Just wiggle it!", mood=s.one("", "happy"))
    s.para()
    s.add(f"At lunch, {h} bit into {an(one)}. Crunch!", f"That afternoon, {h} ate {an(one)}. Crack!")
    s.q("food", f"What was {h} eating when the tooth came out?", one)
    s.add("And there was the tooth!", "The tooth was out!")
    s.say(h, "Look! It came out, and it did not hurt!", "My tooth! My tooth!", mood="happy")
    box = s.thing(["box", "purse", "envelope", "cup", "jar", "sock"])
    s.add(
        f"{h} put the tooth in {an(box.full)} and placed it under the pillow.",
        f"That evening, {h} laid the tooth in {an(box.full)} by the bed.",
    )
    s.q("color", f"What color was the {box} for the tooth?", box.color)
    gift = s.one("a shiny coin", "a tiny book", "a silver star", "a little note", "a new toothbrush")
    s.add(
        f"In the morning, there was {gift} in its place.",
        f"The next morning, the tooth was gone, and there was {gift}.",
    )
    s.q("what", f"What did {h} find in the morning?", gift)
    s.add(f"{h} ran to show {e}.", f"{h} showed the gap to everyone {h.he} met.")
    s.maybe_say(0.7, e, "Now you are really growing up.", "What a fine gap you have!", mood="kind")
    b.close(s, "Many things are less scary than we think.", f"{h} could not stop smiling with the new gap.")


def learn_skill(s: Story) -> None:
    """A skill fails at first and comes with practice."""
    h = s.lead(s.child())
    skill = s.pick(lex.SKILLS)
    e = s.elder() if s.chance(0.5) else s.friend()
    begin(s, s.one(f"wanted to learn how to {skill}", f"decided to learn how to {skill}"), hobby=False)
    s.q("want", f"What did {h} want to learn?", skill)
    s.say(h, "It looks so easy when others do it.", "I am sure that I can do it!", f"I wish I could {skill}.")
    s.add(
        "The first time, it did not work at all.",
        f"{h} tried, but it all went wrong.",
        f"{h} tried once and fell over with a bump.",
    )
    s.add(f"{h} tried again, and again it went wrong.", "The second try was no better.")
    s.say(h, "I will never learn it!", "It is too hard.", "I give up.", mood=s.one("sad", "cross"))
    s.para()
    s.add(f"{e.first} sat down beside {h.him}.", f"{e.first} had been watching.")
    n = s.number(5, 12)
    s.say(e, f"It took me {n} tries.", f"I had to try {n} times before I could do it.", mood="kind")
    s.q("count", f"How many tries did {e} need?", n)
    s.say(e, "Try once more, but slowly.", "Don't give up. You are almost there.", "Take a deep breath and try again.")
    s.q("who", f"Who told {h} to try again?", e.name)
    s.add(
        f"So {h} practiced every day.",
        f"{h} practiced before breakfast and after school.",
        f"Day after day, {h} kept trying.",
    )
    s.add(
        f"And then, one {s.one('Monday', 'Friday', 'Sunday')}, {h.he} did it!",
        f"At last, {h.he} could {skill}!",
        "Then, all at once, it worked!",
    )
    s.say(h, "I did it! I really did it!", "Look at me!", mood=s.one("", "proud"))
    s.add(f"{e.cap} clapped and cheered.", f"{e.cap} was so proud of {h.him}.")
    b.close(
        s,
        f"{h} learned that practice makes things easy.",
        "If you keep trying, you will get there.",
        "Every big step starts with a small one.",
    )
