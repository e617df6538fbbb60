"""Word lists for the story generator. Every list is written out by hand."""

from __future__ import annotations


def _phrases(text: str) -> list[str]:
    """Phrases between bars, over several lines."""
    return [phrase.strip() for phrase in text.replace("\n", "").split("|")]


def _rows(text: str) -> list[tuple[str, ...]]:
    """One row a line, its fields between bars."""
    return [tuple(line.split("|")) for line in text.splitlines()]


GIRLS = """Lily Mia Anna Emma Zoe Ella Ruby Rosa Nina Clara Maya Lucy Ivy Eva Hana Sara Leila Amy Nora Alice Daisy
Molly Holly Poppy Hazel Olive Grace Sophie Chloe Julia Maria Elena Tina Wendy Kate Jane Beth Bella Stella Luna Aisha
Priya Mei Yuki Fatima Amina Zara Freya Ingrid Greta Heidi Martha Dora Cora Flora Sally Penny Jenny Abby Tilly Millie
Nelly Rita Gina Kira Tara Lena Lola Carmen Ada Esme Dina Mona Violet Marta Paula Sofia Willa Naomi Ramona Bonnie
Peggy Edith Rachel""".split()

BOYS = """Tom Ben Sam Max Leo Jack Finn Noah Liam Ethan Oscar Hugo Felix Theo Eli Adam David Daniel Peter Paul Mark
Luke Omar Ali Hassan Raj Arjun Kenji Hiro Ming Diego Carlos Pablo Mateo Marco Nico Luca Ivan Boris Anton Erik Lars
Sven Otto Karl Fred George Henry Harry Charlie Billy Bobby Jimmy Timmy Danny Kevin Simon Oliver Walter Arthur Ralph
Edgar Victor Hector Martin Robin Toby Rory Jasper Milo Arlo Ezra Caleb Joel Nathan Owen Evan Gabriel Samir Kofi Kwame
Tariq Joey""".split()

PET_NAMES_F = """Clover Daffy Dot Honey Maple Willow Pebble Pippa Fern Bluebell Buttercup Cinnamon Dottie Misty Nutmeg
Petal Snowy Sparkle Sunny Tansy Velvet Cherry Minnie Mitzi Fluffy Peaches Rosie Suki Trixie Breezy Dandelion
Juniper Lulu""".split()

PET_NAMES_M = """Pip Rusty Bruno Biscuit Barney Bandit Chester Digger Dusty Fuzzy Ginger Hopper Nibbles Patch Pepper
Rocky Scout Shadow Smokey Sparky Spike Tango Thistle Tiny Toffee Wally Waffle Ziggy Zippy Bumble Bramble Button
Moss Acorn""".split()

# species | what it holds things with
WALKERS = _rows("""fox|paw
rabbit|paw
bear|paw
mouse|paw
squirrel|paw
hedgehog|paw
badger|paw
mole|paw
otter|paw
beaver|paw
raccoon|paw
wolf|paw
lion|paw
tiger|paw
monkey|hand
panda|paw
koala|paw
kangaroo|paw
cat|paw
dog|paw
puppy|paw
kitten|paw
duck|wing
owl|wing
hen|wing
goose|wing
penguin|wing
crow|wing
sparrow|wing
robin|wing
frog|hand
toad|hand
turtle|foot
lizard|hand
elephant|trunk
pig|foot
goat|foot
donkey|foot
pony|foot
lamb|foot
deer|foot
hamster|paw
chipmunk|paw
ferret|paw
weasel|paw
skunk|paw""")
HOLDERS = [row for row in WALKERS if row[1] in ("paw", "hand", "wing")]

SMALL_CREATURES = """bird rabbit mouse kitten puppy duckling squirrel hedgehog turtle frog lamb owl sparrow robin fawn
chick piglet foal gosling chipmunk mole bunny hamster lizard pigeon dove toad otter""".split()
BABIES = _rows("""duckling|duck
kitten|cat
puppy|dog
lamb|sheep
chick|hen
piglet|pig
foal|horse
fawn|deer
cub|bear
gosling|goose
calf|cow
kid|goat
owlet|owl
bunny|rabbit
fox cub|fox
baby squirrel|squirrel
baby hedgehog|hedgehog
baby otter|otter""")
FARM_ANIMALS = "cow horse pig sheep goat donkey hen rooster goose duck turkey pony calf llama".split()
INSECTS = "ant bee ladybug beetle butterfly caterpillar cricket spider firefly snail moth grasshopper".split()
SEA_CREATURES = "dolphin crab seal whale starfish seagull pelican jellyfish seahorse octopus".split()
ZOO_ANIMALS = "elephant giraffe zebra lion tiger monkey camel hippo rhino panda parrot flamingo kangaroo".split()

COLORS = _phrases("red|blue|green|yellow|orange|purple|pink|brown|black|white|golden|silver|gray")
BRIGHT = COLORS[:7]
FUR = ["brown", "gray", "white", "black", "golden", "orange"]
TOYS = _phrases("""
ball|kite|doll|teddy bear|toy train|toy car|toy boat|yo-yo|drum|spinning top|toy robot|balloon|marble|puppet|hoop|
jump rope|toy truck|toy plane|whistle|wooden horse|stuffed rabbit|stuffed elephant|toy dinosaur|building block|
rubber duck|toy castle|toy rocket|pinwheel|frisbee|bouncy ball|music box|rag doll|toy soldier|toy tractor|
magnifying glass|telescope|paper airplane|toy dragon""")
WEAR = _phrases("""
hat|scarf|cap|coat|sweater|ribbon|apron|cape|backpack|bow tie|belt|necklace|bracelet|raincoat|vest|jacket|dress|shirt|
bonnet|crown|mask|watch|cloak|headband|beret|bandana""")
HOUSEHOLD = _phrases("""
cup|bowl|lamp|blanket|pillow|basket|box|clock|chair|spoon|teapot|mirror|vase|bucket|broom|book|pencil|notebook|
umbrella|key|bell|jar|plate|mug|lantern|candle|bottle|suitcase|painting|rug|purse|quilt|comb|stool|tray|kettle|
cushion|photograph|envelope|letter|paintbrush|crayon|diary|flashlight|compass|lunch box|pitcher|thimble|ladle|
picture frame|doormat|hammock|birdcage|flower pot|cookie jar|sugar bowl|alarm clock|bathrobe|hairbrush|toothbrush|
towel|frying pan|whisk|napkin|tablecloth|rocking chair""")
TREASURES = _phrases("""
shell|stone|feather|coin|button|bead|ring|crystal|pinecone|leaf|gem|pearl|acorn|pebble|star|medal|badge|locket|egg|
arrowhead|brooch|fossil|charm|flower|seed""")
TOOLS = _phrases("""
hammer|shovel|rope|ladder|net|brush|rake|wheelbarrow|saw|paddle|fishing rod|watering can|sponge|mop|hook|screwdriver|
sewing needle|ball of string|bag of nails|pot of glue|roll of tape|sack|pole|magnet|pulley|wrench""")
VEHICLES = _phrases("bicycle|scooter|wagon|sled|cart|tricycle|rowboat|canoe|raft|skateboard")
INSTRUMENTS = _phrases("""
flute|guitar|drum|violin|trumpet|harp|ukulele|tambourine|banjo|accordion|horn|fiddle|cello|harmonica""")


# Things that are light enough to be carried, lost, hidden and found.
PORTABLE = sorted(
    set(TOYS)
    | set(_phrases("hat|scarf|cap|ribbon|backpack|necklace|bracelet|cape|mask|cup|blanket|pillow|basket|book|notebook"))
    | set(_phrases("umbrella|key|bell|lantern|purse|paintbrush|flashlight|compass|lunch box|diary|flute|harmonica"))
)
MADE_OF = {  # materials that suit a noun; other nouns get none
    "wooden": "toy train toy boat toy car toy truck spinning top chair stool spoon box bowl flute ladder sled yo-yo "
    "puppet",
    "wool": "scarf hat cap sweater blanket",
    "silk": "scarf ribbon",
    "paper": "kite lantern mask",
    "tin": "toy robot whistle cup box drum bucket toy soldier",
    "glass": "marble vase jar bottle bead",
    "leather": "belt purse suitcase backpack",
    "brass": "bell key compass button",
    "clay": "pot bowl mug jar",
    "rubber": "ball",
    "velvet": "cushion cape ribbon",
    "straw": "hat basket broom",
    "copper": "kettle coin bell",
}

# preposition | noun phrase
OUTDOOR = _phrases("""
at the park|in the garden|by the river|on the beach|in the meadow|in the forest|on the hill|at the playground|
by the pond|by the lake|in the orchard|in the field|at the farm|at the harbor|in the village square|by the old mill|
by the lighthouse|in the valley|by the stream|under the big oak tree|at the duck pond|in the backyard|by the bridge|
by the waterfall|in the woods|near the windmill|by the fountain|in the pumpkin patch|in the rose garden|
by the stone wall|on the soccer field|at the edge of the forest|by the canal|in the apple orchard|
near the campground""")
INDOOR = _phrases("""
at the library|at the school|in the kitchen|in the attic|in the barn|at the bakery|at the market|at the museum|
at the toy shop|in the bookshop|at the train station|in the greenhouse|at the post office|at the theater|
in the workshop|in the cellar|in the living room|at the flower shop|at the town hall|in the shed|in the hallway|
in the garage|in the classroom|at the pet shop|at the music school|at the bus station|at the fire station|
at the aquarium|in the castle|in the stable""")
NATURE = _phrases("""
in the meadow|in the forest|by the lake|by the river|in the valley|by the stream|on the hill|in the woods|
on the beach|by the waterfall|near the campground|at the edge of the forest""")
SHOPS = _phrases("bakery|market|toy shop|bookshop|flower shop|post office|pet shop|candy store|grocery store|hat shop")
TOWNS = _phrases("""
Maple Hill|Willow Creek|Stony Bay|Green Valley|Sandy Point|Oak Town|Honeybrook|Clover Lane|Windy Harbor|Pine Village|
Blue River|Sunnyside""")

CHILD_HOMES = _phrases("""
in a little house by the sea|in a tall building in the city|in a small cottage near the forest|on a quiet farm|
in a red brick house|in a sunny village|at the end of a long lane|in a cozy house on a hill|
in a little town by the mountains|in a white house with a green door|in an apartment above a bakery|on a small island|
in a village beside a river|near an old lighthouse|in a yellow house with a big garden|in a busy town|on a houseboat|
in a stone cottage|in a house with a creaky gate|next door to a library|in a snowy village|
at the edge of a wide field|in a house full of books|across the street from a park""")
ANIMAL_HOMES = _phrases("""
in a cozy den under an oak tree|in a hole under the hill|in a hollow log|near a quiet pond|deep in the forest|
at the edge of a green meadow|in a small cave by the river|behind an old barn|under the roots of a tall pine tree|
in a sunny valley|beside a little stream|in an old garden|on the far side of the hill|in a leafy wood|
in a mossy corner of the forest|under a blackberry bush|near a field of clover|in a warm nest of leaves and grass|
beside a bubbling brook|at the foot of a mountain""")

SPOTS_OUT = _phrases("""
under a bush|behind a big rock|in the long grass|next to a fallen log|under a bench|between two tree roots|
behind the fence|beside a puddle|in a pile of leaves|under a wooden bridge|behind the old wall|near the gate|
in a hollow tree|beside a patch of mushrooms|under a wheelbarrow|inside a flower pot|on top of a tree stump|
behind a row of tall flowers|in a muddy ditch|beside the path|at the bottom of a slope|behind a haystack""")
SPOTS_IN = _phrases("""
under the bed|behind the sofa|in the laundry basket|under the kitchen table|on top of the bookshelf|
behind the curtain|in the toy box|inside a boot|under a cushion|behind the door|in the bottom drawer|
inside the big closet|next to the fireplace|under the stairs|in the bathtub|on the window sill|
under a pile of clothes|behind the piano|inside an old teapot|in the umbrella stand""")

HIDING = [spot for spot in SPOTS_OUT if spot.split()[0] in ("under", "behind", "in", "inside", "between")]

HIDING_IN = [spot for spot in SPOTS_IN if spot.split()[0] in ("under", "behind", "in", "inside")]

TRAITS = _phrases("""
kind|curious|brave|cheerful|gentle|clever|quiet|shy|playful|patient|helpful|friendly|busy|dreamy|polite|thoughtful|
merry|careful|lively|silly|bold|sweet|proud|honest|hopeful|generous|sleepy|stubborn|bright|adventurous""")

# what somebody loves to do: base | past | -ing
ACTIVITIES = _rows("""paint pictures|painted pictures|painting pictures
climb trees|climbed trees|climbing trees
sing songs|sang songs|singing songs
read stories|read stories|reading stories
dance in the rain|danced in the rain|dancing in the rain
collect shells|collected shells|collecting shells
pick flowers|picked flowers|picking flowers
tell jokes|told jokes|telling jokes
look at the stars|looked at the stars|looking at the stars
build towers|built towers|building towers
jump in puddles|jumped in puddles|jumping in puddles
chase butterflies|chased butterflies|chasing butterflies
roll down hills|rolled down hills|rolling down hills
splash in the water|splashed in the water|splashing in the water
count the clouds|counted the clouds|counting the clouds
play hide and seek|played hide and seek|playing hide and seek
make up songs|made up songs|making up songs
watch the birds|watched the birds|watching the birds
dig in the dirt|dug in the dirt|digging in the dirt
bake cookies|baked cookies|baking cookies
explore new places|explored new places|exploring new places
skip stones|skipped stones|skipping stones
draw animals|drew animals|drawing animals
run in the wind|ran in the wind|running in the wind
help in the garden|helped in the garden|helping in the garden
solve puzzles|solved puzzles|solving puzzles
feed the ducks|fed the ducks|feeding the ducks
play the drums|played the drums|playing the drums
listen to stories|listened to stories|listening to stories
gather berries|gathered berries|gathering berries
whistle tunes|whistled tunes|whistling tunes
swim in the pond|swam in the pond|swimming in the pond
fold paper boats|folded paper boats|folding paper boats
make mud pies|made mud pies|making mud pies
plant seeds|planted seeds|planting seeds
hop over logs|hopped over logs|hopping over logs
follow tracks|followed tracks|following tracks
write letters|wrote letters|writing letters
play tag|played tag|playing tag
catch falling leaves|caught falling leaves|catching falling leaves
spin around and around|spun around and around|spinning around and around
invent games|invented games|inventing games
watch the sunset|watched the sunset|watching the sunset
fix old things|fixed old things|fixing old things
slide down the hill|slid down the hill|sliding down the hill
nap in the sun|napped in the sun|napping in the sun
ask questions|asked questions|asking questions
visit friends|visited friends|visiting friends
cook soup|cooked soup|cooking soup
sew tiny clothes|sewed tiny clothes|sewing tiny clothes
blow bubbles|blew bubbles|blowing bubbles
ride the swings|rode the swings|riding the swings
search for treasure|searched for treasure|searching for treasure
take long walks|took long walks|taking long walks""")

SKILLS = _phrases("""
ride a bicycle|swim|whistle|skate|juggle|tie a bow|jump rope|do a cartwheel|climb the rope|throw a ball|read a clock|
write a letter|fly a kite|row a boat|bake bread|knit|skip stones|ski|catch a ball|stand on one leg|blow bubbles|
play chess|dance|sail a boat|paddle a canoe|build a fire|hop backward|play the recorder""")

SNACKS = _rows("""cookie|cookies
apple|apples
sandwich|sandwiches
muffin|muffins
pancake|pancakes
pear|pears
plum|plums
cupcake|cupcakes
carrot|carrots
banana|bananas
peach|peaches
bun|buns
waffle|waffles
orange|oranges
pie|pies
biscuit|biscuits
pretzel|pretzels
strawberry|strawberries
cherry|cherries
dumpling|dumplings
egg|eggs
tart|tarts
roll|rolls
nut|nuts
cracker|crackers
donut|donuts
fig|figs
apricot|apricots""")
BAKED = [
    row
    for row in SNACKS
    if row[0]
    in (
        "cookie",
        "muffin",
        "pancake",
        "cupcake",
        "bun",
        "waffle",
        "biscuit",
        "pretzel",
        "tart",
        "roll",
        "cracker",
        "donut",
    )
]
DISHES = _phrases("""
vegetable soup|porridge|tomato soup|noodle soup|mushroom stew|rice pudding|warm bread|corn soup|honey cake|apple pie|
bean stew|carrot soup|pumpkin soup|cheese toast|spaghetti|mashed potatoes|chicken soup|potato soup|
berry jam and toast|lentil soup""")
CAKES = _phrases("""
apple pie|chocolate cake|carrot cake|blueberry pie|lemon cake|honey cake|cherry pie|banana bread|gingerbread|
strawberry cake|pumpkin pie|cinnamon bread|plum cake""")
INGREDIENTS = ["sugar", "flour", "butter", "milk", "honey", "salt", "cinnamon", "vanilla", "cream", "yeast", "eggs"]
DRINKS = ["hot chocolate", "warm milk", "lemonade", "mint tea", "apple juice", "cold water", "berry juice"]
FLOWERS = _phrases("sunflower|tulip|rose|daisy|lily|poppy|violet|bluebell|daffodil|marigold|iris|orchid")
VEGETABLES = _rows("""carrot|carrots
turnip|turnips
cabbage|cabbages
pumpkin|pumpkins
tomato|tomatoes
potato|potatoes
radish|radishes
onion|onions
pea|peas
bean|beans
beet|beets
lettuce|lettuces""")
TREES = _phrases("""
oak tree|apple tree|pine tree|maple tree|willow tree|cherry tree|birch tree|chestnut tree|walnut tree|pear tree|
elm tree""")
JOBS = _phrases("""
baker|librarian|farmer|mail carrier|gardener|fisherman|teacher|carpenter|shoemaker|shopkeeper|painter|clockmaker|
doctor|tailor|firefighter|beekeeper|miller|potter|sailor|lighthouse keeper|bus driver|blacksmith""")
MEN_JOBS = {"fisherman"}
SURNAMES = """Brown Green Hill Cooper Bell Marsh Finch Honeywell Stone Lane Moon Parker Bloom
Penn Garcia Kim Patel Rossi Novak Okafor Tanaka Silva""".split()
NUMBERS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]

FAIR = ["sunny", "warm", "bright", "clear", "lovely", "beautiful", "mild", "fine", "golden", "pleasant"]
NIGHTS = ["quiet", "still", "dark", "starry", "calm", "clear"]
WET = ["rainy", "wet", "stormy", "drizzly"]
SNOWY = ["snowy", "frosty", "icy", "cold winter"]
WINDY = ["windy", "breezy", "blustery", "gusty"]
GROUP = {
    **dict.fromkeys(FAIR, "fair"),
    **dict.fromkeys(WET, "wet"),
    **dict.fromkeys(SNOWY, "snow"),
    **dict.fromkeys(WINDY, "wind"),
}
SCENERY = {
    "fair": [
        "The sky was blue and wide.",
        "The sun felt warm and soft.",
        "Birds sang in the trees.",
        "White clouds floated by like sheep.",
        "A soft breeze smelled of flowers.",
        "Bees hummed in the clover.",
        "The leaves whispered in the breeze.",
        "Everything looked fresh and bright.",
        "Sunlight danced on the ground.",
        "A butterfly drifted past.",
        "The air was sweet and still.",
        "Somewhere, a cricket was chirping.",
        "The grass was soft and green.",
        "There was not a single gray cloud.",
        "A woodpecker tapped on a faraway tree.",
    ],
    "wet": [
        "Rain tapped on the leaves.",
        "Puddles shone on the ground.",
        "Gray clouds filled the sky.",
        "Drops of water hung from every branch.",
        "The whole world smelled of rain.",
        "The rain went pitter-patter all around.",
        "Little streams ran along the path.",
        "The roofs were shiny and wet.",
        "A cool mist hung in the air.",
    ],
    "snow": [
        "Snow lay on every branch.",
        "The air was so cold that every breath made a little cloud.",
        "Snowflakes drifted down like feathers.",
        "The world was white and quiet.",
        "Ice sparkled on the windows.",
        "The snow crunched with every step.",
        "Icicles hung from the roofs.",
        "Everything was covered in a soft white blanket.",
    ],
    "wind": [
        "The wind made the trees bend and bow.",
        "Leaves spun through the air.",
        "Clouds raced across the sky.",
        "The wind whistled around the corners.",
        "Every branch was dancing.",
        "The tall grass waved like the sea.",
        "A gate banged in the wind.",
    ],
}
NIGHT_SCENERY = [
    "The moon was round and pale.",
    "Stars twinkled above the roofs.",
    "An owl hooted far away.",
    "The night was soft and still.",
    "Moonlight made everything silver.",
    "Crickets sang in the dark.",
    "The stars looked like tiny lamps.",
]
