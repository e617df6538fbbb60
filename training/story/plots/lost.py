"""Something is lost: a thing, a pet, a book, a ticket."""

from __future__ import annotations

from story import beats as b
from story import lexicon as lex
from story.english import an, cap
from story.openings import begin
from story.world import Story


def lost_thing(s: Story) -> None:
    """The hero loses a thing outdoors; it turns up in the third place, often with help."""
    h, item, place = s.cast(), s.thing(), s.outdoor()
    begin(s, s.one(f"went {place.to}", f"walked {place.to}", f"was playing {place.at}"), item=item)
    s.q("where", f"Where did {h} lose the {item}?", place.at)
    s.add(
        f"{h} had so much fun that {h.he} forgot all about the {item}.",
        f"{h} stopped to watch {an(s.pick(lex.INSECTS[:10]))} and put the {item} down for a moment.",
        f"{h} ran and jumped until {h.he} was out of breath.",
    )
    s.add(
        f"When {h.he} looked around, the {item} was gone!",
        f"Then {h} noticed that the {item} was missing.",
        f"Suddenly {h.he} stopped. Where was the {item}?",
    )
    b.sad(s)
    s.para()
    if s.chance(0.6):
        helper = s.friend() if s.chance(0.6) else s.elder()
        s.add(f"Just then, {helper.first} came by.", f"Soon {helper.first} came along the path.")
        b.animal_fact(s, helper)
        s.say(helper, "What is the matter?", f"Why are you sad, {h}?", "What happened?", mood="kind")
        s.say(h, f"I lost my {item}. I can't find it anywhere.", f"My {item} is gone!", f"I have lost my {item.full}.")
        s.q("say", f"What did {h} say was lost?", item.noun)
        s.say(
            helper,
            "Don't worry. We will look together.",
            "Let's look for it together!",
            "I will help you find it.",
            "Let's think. Where did you see it last?",
        )
        s.q("helper", f"Who helped {h} look for the {item}?", helper.name)
        spot = b.search(s, item.noun, lex.SPOTS_OUT)
        s.add(
            f"Then {helper} pointed. There was the {item}, {spot}!",
            f"At last, {helper} found the {item} {spot}.",
            f"Finally {helper} looked {spot}, and there it was!",
        )
        s.q("who", f"Who found the {item}?", helper.name)
        b.glad(s)
        b.thanks(s, helper)
    else:
        helper = None
        s.say(h, "I must think.", "I will not give up.", "I will look everywhere.", mood=s.one("", "calm"))
        spot = b.search(s, item.noun, lex.SPOTS_OUT)
        s.add(
            f"At last {h.he} looked {spot}, and there was the {item}!",
            f"Then {h.he} saw something {item.color} {spot}. It was the {item}!",
        )
        b.glad(s)
        s.q("who", f"Who found the {item}?", h.name)
    s.q("where", f"Where was the {item}?", spot)
    b.close(
        s,
        f"After that, {h} always took good care of {h.his} things.",
        f"{h} held the {item} tight all the way home.",
        f"{h} learned to look after the things {h.he} loved.",
        f"{h} put the {item} safely beside {h.his} bed that night.",
        friend=helper,
    )


def stuck_in_tree(s: Story) -> None:
    """The wind carries a toy into a tree, and a helper gets it down."""
    h = s.cast(0.75)
    item = s.thing(["kite", "ball", "balloon", "paper airplane", "toy plane", "frisbee"])
    place, tree = s.outdoor(), s.pick(lex.TREES)
    begin(
        s,
        s.one(f"took {h.his} {item} {place.to}", f"went {place.to} with {h.his} {item}"),
        weather=s.one("wind", "fair"),
        item=item if s.chance(0.9) else None,
    )
    s.add(
        f"The {item} flew up high, and {h} laughed.",
        f"{h} ran as fast as {h.he} could, and the {item} sailed through the air.",
    )
    s.add(
        f"Then a gust of wind blew the {item} into {an(tree)}.",
        f"Suddenly the {item} got stuck at the top of {an(tree)}.",
        f"But then, whoosh! The {item} landed high up in {an(tree)}.",
    )
    s.q("where", f"Where did the {item} get stuck?", tree)
    s.para()
    s.add(
        f"{h} jumped and jumped, but {h.he} could not reach it.",
        f"{h} shook the branches, but the {item} did not move.",
        f"{h} tried to reach it with a stick, but the stick was too short.",
    )
    b.sad(s)
    helper = s.one(s.friend, s.elder, s.neighbor)()
    creature = s.chance(0.3)
    if creature:
        helper = s.creature(["squirrel", "bird", "owl", "pigeon", "robin"])
        s.add(f"{cap(helper.first)} was sitting on a branch.", f"High in the tree sat {helper.first}.")
        s.say(h, "Please, can you help me?", f"Hello up there! Could you help me get my {item}?")
        s.add(
            f"{helper.cap} tugged at the {item} until it came loose.",
            f"{helper.cap} pushed and pulled. Down came the {item}!",
        )
        s.q("animal", f"What animal helped {h}?", helper.kind)
    else:
        s.add(
            f"{helper.first} heard {h.him}." if helper.kind not in lex.JOBS else f"{helper.first}, heard {h.him}.",
            f"Luckily, {helper.first}{',' if helper.kind in lex.JOBS else ''} saw what had happened.",
        )
        s.say(helper, "I can help!", "Do not cry. I know what to do.", "Let me try.")
        tool = s.one("a long ladder", "a long pole", "a rake", "a broom", "a fishing net")
        s.add(
            f"{helper.cap} came back with {tool} and got the {item} down.",
            f"{helper.cap} ran off and came back with {tool}. In a moment, the {item} was free.",
            f"{helper.cap} used {tool} to reach the {item}.",
        )
        s.q("how", f"What did {helper} use to get the {item} down?", tool)
    s.q("helper", f"Who got the {item} down?", helper.name)
    b.glad(s)
    b.thanks(s, helper)
    b.close(
        s,
        f"This time, {h} played far away from the trees.",
        "It is good to ask for help when something is too hard.",
        f"{h} flew home like the wind, with the {item} under {h.his} arm."
        if h.hand == "hand"
        else f"{h} ran home like the wind with the {item}.",
    )


def drifting_boat(s: Story) -> None:
    """A toy boat drifts away, and an animal of the water brings it back."""
    h = s.cast(0.75)
    boat = s.thing(["toy boat", "paper boat", "model boat"])
    water = s.one("the pond", "the lake", "the river", "the stream")
    begin(s, f"went to {water} to sail {h.his} {boat}", item=boat)
    s.add(f"{h} set the {boat} on the water and gave it a push.", f"The {boat} rocked on the little waves.")
    s.add(
        "A breeze came up, and it drifted too far from the shore.",
        "But the current carried it farther and farther away.",
    )
    s.add(
        f"{h} reached out, but it was too far.",
        f"{h} tried to pull it back with a branch, but the branch was too short.",
    )
    b.sad(s)
    s.para()
    c = s.creature(["duck", "frog", "turtle", "otter", "swan", "beaver"])
    s.add(f"Then {c.first} swam by.", f"{cap(c.first)} was watching from the reeds.")
    s.say(c, "Is that yours?", f"Do you want me to bring back your {boat}?", "Why the long face?")
    s.say(h, "It floated away, and I can't reach it.", f"My {boat} has drifted away.", mood=s.one("", "sad"))
    s.add(
        f"{c.cap} swam out and pushed the {boat} to the shore.",
        f"With a splash, {c} dived and came up beside the {boat}. It pushed it all the way back.",
    )
    s.q("animal", f"What animal brought the {boat} back?", c.kind)
    s.q("helper", f"Who brought back the {boat}?", c.name)
    s.q("where", f"Where did {h} sail the {boat}?", water)
    b.thanks(s, c)
    s.maybe(
        0.7,
        f"{h} tied a long string to the {boat}, so that it could not drift away again.",
        f"{h} shared {h.his} {s.pick(lex.SNACKS)[1]} with {c}.",
    )
    b.close(
        s, f"{h} and {c} met there often after that.", f"{h} had lost a boat for a moment and found a friend for good."
    )


def lost_pet(s: Story) -> None:
    """A pet has run away; a neighbor saw where it went."""
    h = s.lead(s.child())
    kind = s.pick(["puppy", "kitten", "rabbit", "hamster", "parrot", "turtle", "dog", "cat", "pony", "duck"])
    pet = s.fresh(lex.PET_NAMES_M + lex.PET_NAMES_F)
    fur = s.pick(lex.FUR)
    collar = s.pick(lex.BRIGHT)
    begin(
        s, s.one(f"could not find {h.his} {kind} {pet}", f"looked for {h.his} {kind} {pet} everywhere"), weather="any"
    )
    s.q("name", f"What was the name of the {kind}?", pet)
    s.q("animal", f"What kind of animal was {pet}?", kind)
    s.add(
        f"{pet} was {fur} and wore a {collar} ribbon."
        if collar != "orange"
        else f"{pet} was {fur} and wore an orange ribbon.",
        f"{pet} was a small {fur} {kind}.",
    )
    if "ribbon" in s.sentences[-1]:
        s.q("color", f"What color was the ribbon that {pet} wore?", collar)
    s.q("color", f"What color was {pet}?", fur)
    s.say(h, f"{pet}! Where are you?", f"Come here, {pet}!")
    s.add("There was no answer.", "Nothing moved.", f"{h} listened, but it was quiet.")
    s.para()
    n = s.neighbor()
    s.add(f"{h} asked {n.first}.", f"Outside, {h.he} met {n.first}.")
    s.say(h, f"Have you seen my {kind}?", f"Did you see {an(fur)} {kind}?")
    place = s.outdoor()
    s.say(n, f"I saw {an(kind)} run {place.to}.", f"Yes! Something {fur} went {place.to}.")
    s.q("say", f"Where did {n} see the {kind} go?", place.name)
    s.add(f"{h} thanked {n.him} and ran {place.to}.", f"{h} hurried {place.to} as fast as {h.he} could.")
    spot = s.pick(lex.SPOTS_OUT)
    why = s.one(
        "fast asleep",
        "covered in mud",
        "playing with a leaf",
        "looking at a butterfly",
        "eating some grass",
        "shaking with cold",
    )
    s.add(f"There, {spot}, was {pet}, {why}.", f"{pet} was {spot}, {why}!")
    s.q("where", f"Where did {h} find {pet}?", spot)
    s.q("what", f"How did {h} find {pet}?", why)
    s.say(h, "There you are!", f"Oh, {pet}! I missed you so much.", mood=s.one("", "happy"))
    s.add(
        f"{h} hugged {pet} and carried {pet} home." if kind != "pony" else f"{h} led {pet} home.",
        f"{h} held {pet} close.",
    )
    b.close(
        s,
        f"From then on, {h} always closed the gate.",
        f"{pet} slept beside {h} that night.",
        f"{h} promised to keep {pet} safe.",
    )


def library_book(s: Story) -> None:
    """A library book is missing; somebody of the family was reading it."""
    h = s.lead(s.child())
    n = s.neighbor("librarian")
    topic = s.pick(
        ["dragons", "whales", "stars", "pirates", "trains", "robots", "knights", "volcanoes", "dinosaurs", "islands"]
    )
    cover = s.pick(lex.COLORS)
    begin(s, "went to the library")
    s.add(
        f"{h} chose a book about {topic}. It had {an(cover)} cover.",
        f"On a high shelf stood a book with {an(cover)} cover. It was about {topic}.",
    )
    s.q("what", "What was the book about?", topic)
    s.q("color", "What color was the cover of the book?", cover)
    s.add(f'"Please bring it back on {s.one("Monday", "Friday", "Tuesday")}," said {n}, the librarian.')
    for day in ("Monday", "Friday", "Tuesday"):
        if day in s.sentences[-1]:
            s.q("when", f"When did {h} have to bring the book back?", day)
    s.add(
        f"{h} read it {s.one('in bed', 'under a tree', 'at the kitchen table', 'on the bus')} and could not stop.",
        f"{h} read and read until {h.his} eyes were tired.",
    )
    s.para()
    s.add("But when it was time to return it, the book was gone.", "Then one day, the book was missing.")
    b.worried(s)
    spot = b.search(s, "book", lex.SPOTS_IN)
    thief = s.sibling() if s.chance(0.6) else s.elder()
    s.add(
        f"At last, {h.he} found the book {spot}. {thief.first.replace(h.his, h.His, 1)} had put it there.",
        f"It was {spot}! {thief.first.replace(h.his, h.His, 1)} had left it there.",
    )
    s.q("where", "Where was the book?", spot)
    s.q(
        "who", "Who had put the book there?" if "put" in s.sentences[-1] else "Who had left the book there?", thief.name
    )
    s.say(
        thief,
        "It was so good that I wanted to read it too.",
        "I am sorry. I only wanted to look at the pictures.",
        mood=s.one("", "shy"),
    )
    s.say(
        h,
        "Then let's read the last page together.",
        "Next time, just ask me.",
        "We can go back and find another one.",
        mood=s.one("", "kind"),
    )
    s.add(f"Together they took it back to {n}.", f"They brought it back just in time, and {n} smiled.")
    b.close(
        s,
        "A good book is even better when it is shared.",
        f"{h} always kept library books in one safe place after that.",
    )


def train_ticket(s: Story) -> None:
    """The conductor comes, and the ticket is nowhere until a book is opened."""
    h = s.lead(s.child())
    e = s.elder()
    town = s.pick(lex.TOWNS)
    begin(s, s.one(f"took the train to {town}", f"rode the train to {town}"), companion=e, weather="any")
    s.q("where", "Where did the train go?", town)
    s.add(
        f"{h} sat by the window and counted {s.pick(lex.FARM_ANIMALS[1:2] + ['cow'])}s.",
        "Outside, fields and houses flew by.",
    )
    n = s.neighbor("conductor")
    s.add(f"Then the conductor, {n}, came.", f"After a while, {n}, the conductor, opened the door.")
    color = s.pick(lex.COLORS)
    if False:
        s.say(n, "Tickets, please!")
    else:
        s.add('"Tickets, please!" he said.' if n.he == "he" else '"Tickets, please!" she said.')
    s.add(
        f"{h} looked for the {color} ticket, but it was not there.",
        f"{h} reached into {h.his} pocket. The {color} ticket was gone!",
    )
    s.q("color", "What color was the ticket?", color)
    b.worried(s)
    s.para()
    spots = s.some(
        [
            "in the bag",
            "under the seat",
            "in the lunch box",
            "inside the hat",
            "in the coat pocket",
            "between the seats",
        ],
        3,
    )
    s.add(f"They looked {spots[0]} and {spots[1]}.", f"{e.cap} looked {spots[0]}, and {h} looked {spots[1]}.")
    s.yn(f"Did they look {spots[0]}?")
    book = s.one("comic book", "storybook", "newspaper", "picture book", "songbook")
    s.say(n, "Take your time.", "Don't worry. Look once more.", mood="kind")
    s.q("name", "What was the name of the conductor?", n.name)
    s.add(
        f"At last, {h} opened {h.his} {book}. There was the ticket, between two pages!",
        f"Then {h} remembered. {h.He} had used the ticket as a bookmark in {h.his} {book}!",
    )
    s.q("where", "Where was the ticket?", book)
    s.say(h, "Here it is!", "I found it!", mood="happy")
    s.add(f"The conductor laughed and punched a hole in the shape of {s.one('a star', 'a heart', 'a moon', 'a fish')}.")
    s.q("what", "What shape was the hole in the ticket?", s.sentences[-1].split("shape of ")[1][:-1])
    s.maybe_say(
        0.7,
        n,
        "I once lost my own hat on this train.",
        "Would you like to blow the whistle?",
        "A good traveler never gives up.",
        mood=s.one("", "happy"),
    )
    by_the_sea = "could already smell the sea" if "Bay" in town or "Harbor" in town else ""
    s.add(
        f"When they came to {town}, {h} "
        f"{s.one('jumped onto the platform', 'waved to the conductor', by_the_sea or 'skipped down the steps')}."
    )
    b.close(s, "Stay calm, and you will find what you need.", f"{h} kept that ticket for many years.")
