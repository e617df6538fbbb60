"""Friends and neighbors who first get to know each other, quarrel, race or shout."""

from __future__ import annotations

from story import beats as b
from story import lexicon as lex
from story.english import an, cap, some_cake
from story.openings import begin
from story.world import Story


def quarrel(s: Story) -> None:
    """Two want the same toy, quarrel and make up."""
    h = s.cast(0.75)
    f = s.friend() if s.chance(0.6) else s.sibling()
    item = s.thing(lex.TOYS + lex.VEHICLES[:5])
    begin(s, s.one("was playing at home", "was in the yard"), companion=f, weather="any")
    b.animal_fact(s, f)
    s.add(f"They both wanted to play with {item.a}.", f"There was {item.a}, but only one.")
    s.q("what", "What did they both want?", item.noun)
    s.q("color", f"What color was the {item}?", item.color)
    s.say(h, "I had it first!", "It is my turn!", mood=s.one("", "cross"))
    s.say(f, "No, it is mine!", "You always get it!", "You had it yesterday!", mood=s.one("", "cross"))
    s.add(
        "They pulled and pulled until "
        f"{s.one('both of them fell down', 'something went crack', 'it slipped and flew away')}.",
        f"{h} pulled on one side, and {f} pulled on the other.",
    )
    s.add(
        f"{f} went away and slammed the door." if h.human else f"{f} ran away without a word.",
        f"{h} turned {h.his} back, and so did {f}.",
    )
    s.para()
    s.add(
        "It was very quiet then.",
        f"{h} had the {item} all to {h.him}self, but it was no fun.",
        "Playing alone was boring.",
    )
    s.add(f"{h} went to find {f}.", f"After a while, {h} went to {f}.")
    s.say(
        h,
        "I am sorry. Let's take turns.",
        "You can have it first.",
        "I would rather play with you than fight.",
        mood=s.one("", "kind"),
    )
    s.say(
        f,
        "I am sorry too.",
        "Let's make a rule. Ten minutes each!",
        "We can play with it together!",
        mood=s.one("", "happy"),
    )
    if "sorry" in s.sentences[-2]:
        s.q("who", "Who said sorry first?", h.name)
    s.add("And so they did.", "They played until it was time for supper.", "It was much more fun that way.")
    s.yn(f"Were {h} and {f} friends again at the end?")
    b.close(s, "A friend is worth more than any toy.", "Taking turns makes every game better.", friend=f)


def sick_friend(s: Story) -> None:
    """The hero cooks soup for a friend in bed."""
    h = s.cast(0.6)
    f = s.friend()
    dish = s.pick([d for d in lex.DISHES if "soup" in d])
    begin(s, f"went to see {f.first}", weather=s.one("wet", "fair", "snow"))
    b.animal_fact(s, f)
    ill = s.one("a cold", "a fever", "a sore throat", "a bad cough", "a tummy ache")
    s.add(f"But {f} was in bed with {ill}.", f"But {f} could not come out to play. {f.He} had {ill}.")
    s.q("why", f"Why was {f} unable to play?", ill)
    s.say(f, "I feel awful.", "I can't play today.", "My head hurts.", mood="sad")
    s.say(h, "I will make you feel better.", "Stay in bed. I will be right back.", "I know what will help!")
    s.para()
    s.add(
        f"{h} went home and cooked a big pot of {dish}.",
        f"{h} asked {h.his} {s.one('mother', 'father')} to help {h.him} make {dish}.",
    )
    s.q("food", f"What did {h} make for {f}?", dish)
    item = s.thing(["book", "blanket", "puzzle", "teddy bear", "scarf", "pillow"])
    s.add(f"{h.He} also brought {item.a}.", f"Then {h.he} took {item.a} along as well.")
    s.q("color", f"What color was the {item} that {h} brought?", item.color)
    s.add(f"{f} ate the soup and began to smile.", "The soup was hot and good.")
    ing = s.pick(lex.ACTIVITIES)[2]
    s.add(f"Then {h} told {f} funny stories.", f"Afterward, they talked about {ing}.")
    days = s.number(2, 5)
    s.add(f"After {days} days, {f} was well again.", f"In {days} days, {f} could run and jump again.")
    s.q("count", f"After how many days was {f} well again?", days)
    s.say(
        f,
        "You are the best friend in the world.",
        "Your soup was better than medicine!",
        "Next time you are sick, I will cook for you.",
        mood=s.one("", "happy"),
    )
    b.close(s, "A good friend is the best medicine.", "Friends take care of each other.", friend=f)


def race(s: Story) -> None:
    """The hero loses a race by stopping to help."""
    h = s.lead(s.animal() if s.chance(0.6) else s.child())
    r = s.friend()
    start, goal = s.outdoor(), s.outdoor()
    begin(s, s.one(f"met {r.first} {start.at}", f"was {start.at} with {r.first}"))
    b.animal_fact(s, r)
    s.say(r, f"Let's race {goal.to}!", f"I can run faster than you. Let's race {goal.to}!", mood=s.one("", "proud"))
    s.q("where", "Where did the race end?", goal.name)
    s.add("One, two, three, go!", "They lined up and began to run.", "Off they went!")
    s.add(
        f"{r} was fast, and soon {r.he} was far ahead.",
        f"At first, {h} was ahead.",
        "They ran side by side, faster and faster.",
    )
    s.para()
    victim = s.creature()
    spot = s.pick(lex.SPOTS_OUT)
    s.add(
        f"Then {h} heard a cry. {cap(victim.first)} was stuck {spot}.",
        f"On the way, {h} saw {victim.first} {spot}. It had hurt its foot.",
    )
    s.q("animal", "What animal needed help?", victim.kind)
    s.q("where", f"Where was {victim}?", spot)
    s.add(
        f"{h} wanted to win, but {h.he} stopped at once.",
        f"{h} stopped. Winning could wait.",
        f"{h} did not think twice. {h.He} stopped to help.",
    )
    s.say(h, "Hold on. I will help you.", "Don't be afraid.", mood="kind")
    s.add(f"{h.He} carried {victim} to a safe place.", f"It took a long time, but at last {victim} was safe.")
    s.yn(f"Did {h} stop to help?")
    s.add(f"When {h} came {goal.to}, {r} was already there.", f"{r} won the race and waited {goal.at}.")
    s.q("who", "Who won the race?", r.name)
    s.say(r, "What took you so long?", "Where were you?")
    s.add(f"{h} told {r.him} what had happened.", f"{h} told {r.him} the whole story.")
    s.say(
        r,
        "Then you are the real winner.",
        "You did something better than winning.",
        "I should have stopped too.",
        mood=s.one("", "kind"),
    )
    b.close(s, "Being kind is better than being first.", "Some things are more important than winning.", friend=r)


def narrow_bridge(s: Story) -> None:
    """Two meet on a narrow bridge, and one steps back."""
    h = s.lead(s.animal() if s.chance(0.7) else s.child())
    other = s.animal() if not h.human else s.child()
    goal = s.outdoor()
    s.outdoor()  # drawn and not used; without it every later text of a seed would change
    water = s.one("the river", "the stream", "a deep ditch")
    begin(s, s.one(f"was on {h.his} way {goal.to}", f"set out {goal.to.replace('to ', 'for ', 1)}"))
    s.q("where", f"Where did {h} want to go?", goal.name)
    s.add(
        f"To get there, {h} had to cross a narrow bridge over {water}.",
        f"The path led over a small bridge across {water}. It was so narrow that only one could cross at a time.",
    )
    who = f"{an(other.kind)} named {other}"
    s.add(f"In the middle, {h.he} met {who}.", f"From the other side came {who}.")
    b.animal_fact(s, other)
    s.say(
        other,
        "Please step back. I was here first.",
        "Move aside! I am in a hurry.",
        "I have to get across.",
        mood=s.one("", "cross"),
    )
    s.say(h, "No, you step back!", "But I was here first.", "I am in a hurry too.", mood=s.one("", "cross"))
    s.para()
    s.add(
        "They stood nose to nose, and neither would move.",
        "They frowned at each other for a long time.",
        "The bridge began to shake under their feet.",
    )
    load = s.thing(["basket", "sack", "box", "backpack", "bucket"])
    s.add(f"Then {h} saw that {other} was carrying {an(load.full)}.")
    s.q("color", f"What color was the {load} that {other} carried?", load.color)
    s.say(h, "That looks heavy. Where are you going?", f"What is in your {load}?")
    reason = s.one("my sick sister", "my old grandmother", "my baby brother", "my hungry family")
    s.say(other, f"It is food for {reason}.", f"It is bread for {reason}.", mood="calm")
    s.q("who", "Who was the food for?" if "food" in s.sentences[-1] else "Who was the bread for?", reason)
    s.add(f"At once, {h} walked back and let {other} pass.", f"{h} felt sorry and stepped back to make room.")
    s.q("who", "Who stepped back on the bridge?", h.name)
    s.say(other, "Thank you. That was very polite of you.", "I am sorry that I was rude.", mood="kind")
    s.say(h, "I am sorry too.", "Next time, I will step back first.", "I hope that they like it.")
    s.add(f"Then {h} crossed the bridge and went on {goal.to}.")
    b.close(s, "A little patience makes room for everyone.", "It costs nothing to let somebody go first.")


def echo(s: Story) -> None:
    """A voice gives back rude words, and then kind ones."""
    h = s.cast(0.6)
    s.away = True
    place = s.one("a deep valley", "a tall mountain", "a dark cave", "an old stone tower", "an empty well")
    begin(s, f"came to {place}")
    s.q("where", f"Where did {h} come to?", place)
    s.say(h, "Hello!", "Is anyone there?")
    s.add("From far away, a voice said the very same words.", "A voice called back the very same thing.")
    s.say(h, "Stop copying me!", "Who are you?", "Come out!", mood=s.one("", "cross"))
    s.add("The voice said it too.", "But the voice only said the same words again.")
    s.say(h, "You are mean!", "I don't like you!", mood="cross")
    s.add(f"And the voice was just as angry as {h}.", "The voice sounded just as cross.")
    s.add(f"{h} ran home in tears.", f"{h} stamped {h.his} foot and went home.")
    s.para()
    e = s.elder()
    s.add(f"At home, {h} told {e.first} about it.", f"{e.first} asked what was wrong, and {h} explained.")
    s.q("who", f"Who did {h} talk to at home?", e.name)
    say = s.one("Say something kind", "Try a friendly word", "Say that you are a friend")
    s.say(e, f"{say}, and see what happens.", mood="calm")
    s.q("say", f"What did {e} tell {h} to do?", say)
    s.add(f"So the next day, {h} went back and called again.", f"The next morning, {h} went there once more.")
    s.say(h, "I like you!", "Let's be friends!", "You are my friend!", mood="")
    s.add("And the voice answered with the same kind words.", "This time, the voice was warm and friendly.")
    b.glad(s)
    if False:
        s.maybe_say(
            0.7, e, "It was your echo. It gives back what you give.", "That is how it is with people too.", mood="kind"
        )
    else:
        s.add(f"Later, {e} explained that it was an echo.")
    s.q("what", "What was the voice?", "echo")
    s.yn(f"Did {h} say something kind in the end?")
    b.close(s, "The world gives back what you give to it.", "A kind word often comes back to you.")


def new_neighbor(s: Story) -> None:
    """A neighbor with odd ways turns out to be the one who helps."""
    h = s.cast(0.5, lex.HOLDERS)
    o = s.animal(lex.WALKERS) if not h.human else s.child()
    begin(s, "saw that somebody was moving in next door")
    intro = f"{an(o.kind)} named {o}"
    s.add(f"The new neighbor was {intro}.")
    b.animal_fact(s, o)
    s.q("name", "What was the name of the new neighbor?", o.name)
    odd = s.one(
        ("slept all day and sang all night", "sang all night"),
        ("wore two different shoes", "wore two different shoes")
        if o.human
        else ("walked backward when it rained", "walked backward"),
        ("talked to the flowers", "talked to the flowers"),
        ("ate soup for breakfast", "ate soup for breakfast"),
        ("painted all the windows purple", "painted all the windows purple"),
    )
    s.add(f"{o} was different. {o.He} {odd[0]}.", f"Everyone whispered about {o}, because {o.he} {odd[0]}.")
    s.q(
        "why",
        f"Why was {o} different?" if "different" in s.sentences[-1] else f"Why did everyone whisper about {o}?",
        odd[1],
    )
    s.say(h, "That is strange.", f"I don't think I like {o}.", "Who does a thing like that?")
    s.add(f"So {h} stayed away.", f"For a week, {h} did not say hello.")
    s.para()
    problem = s.one(
        "the roof began to leak",
        "the cart lost a wheel",
        "the garden was full of weeds",
        "the door would not open",
        "the oven stopped working",
    )
    s.add(
        f"Then, one day, {problem}, and {h} did not know what to do.",
        f"But then {problem}. {h} tried to fix it and failed.",
    )
    s.q("what", f"What problem did {h} have?", problem)
    s.add(
        f"{o} came over at once with a box of tools."
        if "weeds" not in problem
        else f"{o} came over at once with a rake and a basket.",
        f"Before {h} could ask, {o} was there to help.",
    )
    s.say(o, "Let me help you.", "I know how to fix that.", "Neighbors should help each other.", mood="kind")
    s.q("helper", f"Who helped {h}?", o.name)
    s.add("They worked side by side, and soon it was done.", "Together they finished it before dark.")
    s.say(h, "I am sorry that I was not friendly.", "You are so kind. I was wrong about you.", mood="shy")
    s.say(o, "That is all right. I am new here.", "It is never too late to say hello.", mood="happy")
    food = s.pick(lex.CAKES)
    s.add(f"{h} brought {some_cake(food)}, and they ate it on the steps.")
    s.q("food", "What did they eat on the steps?", food)
    b.close(s, "You have to know somebody before you judge them.", "Different can be wonderful.", friend=o)


def noisy_neighbor(s: Story) -> None:
    """Loud music next door becomes a duet."""
    h = s.cast(0.6)
    o = s.child() if h.human else s.animal(lex.HOLDERS)
    inst = s.thing(lex.INSTRUMENTS)
    begin(s, "wanted to take a nap", clock="afternoon")
    s.add(
        f"But {o.first} next door was playing {an(inst.full)}, and it was loud.",
        f"But next door, {o.first} was practicing on {an(inst.full)}.",
    )
    s.q("what", f"What did {o} play?", inst.noun)
    s.q("color", f"What color was the {inst}?", inst.color)
    b.animal_fact(s, o)
    s.add(
        f"{h} put a pillow over {h.his} ears. It did not help.",
        f"{h} closed the window, but the noise came through the wall.",
    )
    s.say(h, "Stop that noise!", "How can anybody sleep?", mood="cross")
    s.add(f"{h} marched over and knocked on the door.", f"At last, {h} went over and knocked.")
    s.say(h, "Could you please be quiet?", f"Your {inst} is much too loud!", mood=s.one("", "cross"))
    s.para()
    why = s.one(
        "the big show is tomorrow",
        "I am lonely here",
        "it is the only song I know",
        "my teacher will come tonight",
        "I want to surprise my mother",
    )
    s.say(o, f"I am sorry. I play because {why}.", mood="sad")
    s.q("why", f"Why did {o} play?", why)
    s.add(f"{h} did not feel so cross anymore.", f"{h.s} anger melted away.")
    own = s.thing([i for i in lex.INSTRUMENTS if i != inst.noun])
    s.say(h, f"I have {an(own.noun)}. Maybe we could play together.", f"Shall I bring my {own}?", mood="kind")
    s.q("what", f"What did {h} have?", own.noun)
    s.add(
        f"So {h} fetched {h.his} {own.full}, and they began to play.",
        f"Soon the {inst} and the {own} were making music together.",
    )
    s.add("It sounded terrible at first, and they laughed.", "After a while, it sounded sweet.")
    c = s.one("Even the birds stopped to listen.", "People in the street began to dance.", "A dog howled along.")
    s.maybe(0.7, c)
    s.say(o, "This is much better than playing alone.", "Will you come again tomorrow?", mood="happy")
    s.say(h, "Yes, but after my nap!", "I would like that.", "Let's start a band!", mood=s.one("", "happy"))
    b.close(s, "Talking is better than being angry.", "Sometimes a noise is only music waiting for a friend.", friend=o)
