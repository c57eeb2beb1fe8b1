"""Short stories from plots with open slots, and rhymed poems."""

from wording import BOYS, COLOURS, FOODS, GIRLS, as_typed, hero, invented_word, sentence, with_article

_PLACES = ["in a small house", "in a green forest", "in a quiet village", "in an old town", "in a deep valley", "in a little cottage", "in a big city", "in a warm cave",
           "in a sunny garden", "in a house by the sea", "in a castle on a hill", "on a tiny island", "on a farm", "in a hut near the river", "in a wide field"]
_SPOTS = ["the river", "the old bridge", "the market", "the dark forest", "the high hill", "the lake", "the beach", "the big oak tree",
          "the mill", "the station", "the library", "the school", "the harbour", "the cave", "the garden gate"]
ADJECTIVES = "little small young old brave shy clever kind curious lonely cheerful quiet lazy funny gentle proud".split()
_LOST = ["red ball", "golden key", "blue hat", "silver ring", "favourite book", "small drum", "warm scarf", "old map", "green umbrella", "music box"]
_FEARS = ["the dark", "thunder", "deep water", "loud noises", "high places", "strangers", "the wind"]
_SKILLS = ["sing", "swim", "dance", "paint", "read", "cook", "play the flute", "ride a bicycle", "whistle", "write poems"]
_DREAMS = ["see the sea", "touch the moon", "find a friend", "climb the highest hill", "see the snow", "fly over the clouds", "visit the big city",
           "find a treasure", "hear the whales sing", "see the stars from the mountain"]
_MORALS = ["From that day on, they were best friends.", "And they lived happily ever after.", "{N} never forgot that day.",
           "That night {N} slept very well.", "And {N} smiled all the way home.", "{N} had learned that even small ones can do great things.",
           "Since then, {N} always helps others.", "The end."]

_OPENINGS = ["Once upon a time, there was {aA} named {N}. {P} lived {place}.", "Once there was {aA} called {N}, who lived {place}.",
             "{N} was {aA}. {P} lived {place}.", "{place} lived {aA} named {N}.",
             "A long time ago, {aA} lived {place}. The name of the {H} was {N}."]
_PLOTS = [
    ["One day {N} lost {his} {lost}.|One morning {N} could not find {his} {lost}.",
     "{P} looked under the bed, but it was not there.|{P} looked everywhere in the house, but found nothing.",
     "Then {p} went to {spot} and asked {aB}: \"Have you seen my {lost}?\"|So {p} walked to {spot}, where {p} met {aB}.",
     "\"No,\" said the {B}, \"but I will help you look.\"|The {B} said, \"Do not be sad. We will look together.\"",
     "They searched all day. At last they found the {lost} in the grass.|When the sun went down, they found the {lost} behind a big stone.",
     "{N} was very happy and thanked the {B}.|{N} laughed and danced, and the {B} danced too."],
    ["{N} was afraid of {fear}.|There was one thing that {N} feared: {fear}.",
     "All the others laughed, and {N} felt sad.|{P} never told anyone about it.",
     "One evening {aB} called for help near {spot}.|One night {N} heard a small voice near {spot}. It was {aB}.",
     "\"Please help me!\" cried the {B}. \"I am lost.\"|The {B} was lost and could not find the way home.",
     "{N} was afraid, but {p} took a deep breath and went.|{N} shook with fear, but {p} went out to help.",
     "Together they walked home, step by step.|{P} took the {B} home, and nothing bad happened.",
     "Now {N} was not afraid of {fear} any more.|From then on, {N} was a little less afraid of {fear}."],
    ["One day the {B} said, \"I am faster than you, {N}!\"|A proud {B} said to {N}, \"You are too slow for a race.\"",
     "\"Let us run to {spot},\" said {N}.|So they agreed to race to {spot}.",
     "The {B} ran fast, and soon it was far ahead.|At first the {B} was far ahead.",
     "But it stopped to eat {food} and fell asleep under a tree.|But then it sat down to rest, and it ate some {food}.",
     "{N} did not stop. {P} went on, slowly and calmly.|{N} went on and on, one step after another.",
     "In the end, {N} was the first to reach {spot}.|When the {B} woke up, {N} had already won.",
     "\"Slow and steady is a good way,\" said {N}.|The {B} laughed and said, \"Well done, {N}!\""],
    ["The winter was cold, and there was little food.|One winter it snowed for many days.",
     "{N} had only some {food} left.|All that {N} had was some {food}.",
     "Then someone knocked at the door. It was {aB}.|One evening {aB} stood at the door, cold and hungry.",
     "\"I am so hungry,\" said the {B}.|\"May I come in?\" asked the {B}.",
     "{N} thought for a moment. Then {p} shared the {food}.|{N} opened the door and gave the {B} half of the {food}.",
     "In spring the {B} came back with a big basket of {food2}.|When spring came, the {B} brought a big basket of {food2}.",
     "\"You helped me, so I help you,\" said the {B}.|\"This is for you,\" said the {B}, \"because you were kind.\""],
    ["More than anything, {N} wanted to {dream}.|Every night {N} dreamed of one thing: to {dream}.",
     "\"That is too far,\" said the others.|\"You are too small for that,\" said the neighbours.",
     "But {N} packed some {food} and left in the morning.|One morning {N} took a bag with {food} and went away.",
     "At {spot} {p} met {aB}, who knew the way.|Near {spot} {p} met a friendly {B}.",
     "\"May I come with you?\" asked the {B}. \"Of course,\" said {N}.|\"I will show you the way,\" said the {B}.",
     "They walked for three days and three nights.|They went over hills and through the rain.",
     "And at last, {N} could {dream}.|Then, one bright morning, {N} could {dream}.",
     "\"It is even better than in my dream,\" said {N}.|{P} was so happy that {p} cried a little."],
    ["{N} could not {skill}, but {p} wanted to learn it.|How {N} wished to {skill}!",
     "{P} tried and tried, but it did not work.|The first time, everything went wrong.",
     "\"I will never learn it,\" said {N}.|{N} sat down near {spot} and sighed.",
     "An old {B} heard that and said, \"I can teach you.\"|Then {aB} came by and asked, \"Why are you so sad?\"",
     "Every day they practised together near {spot}.|So they met every morning and practised.",
     "After many weeks, {N} could {skill} very well.|Slowly it became better, and one day {N} could {skill}.",
     "The whole village came to watch.|Everyone clapped, and the old {B} smiled."],
    ["{N} was alone and had no one to play with.|Every day {N} played alone near {spot}.",
     "One day {aB} moved into the house next door.|Then {aB} came to the village.",
     "\"Hello,\" said {N}. \"Do you want to play with me?\"|At first {N} was too shy to say hello.",
     "The {B} said, \"Yes! I have no friends here.\"|But the {B} smiled and said, \"Let us be friends.\"",
     "They played near {spot} and ate {food}.|They told each other stories until the stars came out.",
     "In the evening {N} said, \"This was the best day of my life.\"|{N} was not lonely any more."],
    ["One night a big storm came and broke the bridge.|After a storm the old bridge was broken.",
     "Nobody could cross the river to buy {food}.|Now no one could get to the market.",
     "\"I have an idea,\" said {N}.|{N} thought about it all night long.",
     "{P} asked {aB} for wood and a long rope.|In the morning {p} asked {aB} to help.",
     "They worked together from morning to night.|Together they carried wood and stones for five days.",
     "Soon there was a new bridge, stronger than the old one.|When the last stone was in place, the new bridge was ready.",
     "The people gave them {food} and sang for {N}.|Everyone came to thank {N} and the {B}."],
    ["One day {N} found a small {colour} egg near {spot}.|Near {spot} {N} found a strange {colour} box.",
     "\"Whose is this?\" {p} wondered.|\"What is that?\" asked {N}.",
     "{P} waited beside it until {aB} came.|{P} asked everyone, and at last {p} asked {aB}.",
     "\"It is mine!\" said the {B}. \"Thank you for taking care of it.\"|\"I lost it yesterday,\" said the {B}. \"You are so honest!\"",
     "As a gift, {N} got some {food}.|The {B} gave {N} {food} and a warm hug."],
]


def tell(rng, kind=None, name=None, manner=None, friend=None):
    """One story; what is not given about its hero and the friend is drawn."""
    kind = kind or hero(rng)
    friend = friend or other(rng, kind)
    girl = name in GIRLS if name else rng.random() < 0.5
    name = name or (invented_word(rng).capitalize() if rng.random() < 0.12 else rng.choice(GIRLS if girl else BOYS))
    p, his = ("she", "her") if girl else ("he", "his")
    foods = rng.sample(FOODS, 2)
    slots = dict(N=name, H=kind, B=friend, aA=with_article(f"{manner or rng.choice(ADJECTIVES)} {kind}"), aB=with_article(friend), P=sentence(p), p=p, his=his,
                 place=rng.choice(_PLACES), spot=rng.choice(_SPOTS), lost=rng.choice(_LOST), fear=rng.choice(_FEARS), skill=rng.choice(_SKILLS),
                 dream=rng.choice(_DREAMS), food=foods[0], food2=foods[1], colour=rng.choice(COLOURS))
    lines = [rng.choice(_OPENINGS)] + [rng.choice(line.split("|")) for line in rng.choice(_PLOTS)] + [rng.choice(_MORALS)]
    return " ".join(sentence(line.format(**slots)) for line in lines)


def other(rng, kind):
    friend = hero(rng)
    while friend == kind:
        friend = hero(rng)
    return friend


def story(rng):
    kind = hero(rng)
    a = with_article(kind)
    roll = rng.random()
    if roll < 0.12:
        asked = rng.choice(["tell me a story.", "a story please", "can you tell me a story?", "tell a story", "once more, a story!", "write a short story.",
                            "do you know a story?", "I want to hear a story.", "please tell me a bedtime story.", "story"])
        return as_typed(rng, asked), tell(rng)
    if roll < 0.22:
        name = rng.choice(BOYS + GIRLS)
        asked = rng.choice(["tell me a story about {a} named {n}.", "write a story about {a} called {n}.", "a story about {n} the {k}, please."])
        return as_typed(rng, asked.format(a=a, n=name, k=kind)), tell(rng, kind, name)
    if roll < 0.36:
        manner = rng.choice(ADJECTIVES)
        asked = rng.choice(["tell me a story about {a}.", "write a story about {a}.", "a story about {a}, please.", "can you tell me a story about {a}?"])
        return as_typed(rng, asked.format(a=with_article(f"{manner} {kind}"))), tell(rng, kind, manner=manner)
    if roll < 0.44:
        friend = other(rng, kind)
        asked = rng.choice(["tell me a story about {a} and {b}.", "write a story about {a} and {b}.", "a story about {a} and {b}, please."])
        return as_typed(rng, asked.format(a=a, b=with_article(friend))), tell(rng, kind, friend=friend)
    asked = rng.choice(["tell me a story about {a}.", "tell me a story about {a}.", "tell me a short story about {a}.", "write a story about {a}.", "a story about {a}, please.",
                        "can you tell me a story about {a}?", "please write a short story about {a}.", "I would like a story about {a}.",
                        "tell a story about the {k}.", "story about {a}", "do you know a story about {a}?", "make up a story about {a}."])
    return as_typed(rng, asked.format(a=a, k=kind)), tell(rng, kind)


_COUPLETS = [
    ("I saw {a} upon the hill,", "The evening air was calm and still."), ("The little {x} looked at the sea,", "As happy as a {x} can be."),
    ("The {x} went out to see the moon,", "And sang a soft and silver tune."), ("Oh {x}, you shine so bright,", "You bring me joy by day and night."),
    ("The {x} is dancing in the rain,", "And then it dances home again."), ("A {x} came walking down the street,", "With tiny shoes upon its feet."),
    ("The {x} sat down below a tree,", "And counted one and two and three."), ("The wind was cold, the {x} was warm,", "And safe at home it heard the storm."),
    ("The {x} can dream the whole day long,", "And in its dream it hears a song."), ("When morning comes, the {x} will wake,", "And walk around the quiet lake."),
    ("The {x} has got a golden key,", "It opens doors for you and me."), ("The stars look down, the {x} looks up,", "The tea is waiting in the cup."),
    ("I gave the {x} a piece of bread,", "\"I thank you, friend,\" it softly said."), ("The {x} is small, the world is wide,", "But there is courage deep inside."),
    ("The sun goes down, the sky is red,", "And now the {x} goes to bed."), ("The {x} will never be alone,", "For friends have made this place a home."),
    ("The snow falls softly on the ground,", "The {x} walks by without a sound."), ("A {x} can laugh, a {x} can play,", "And so it ends a lovely day."),
    ("In spring the {x} is full of cheer,", "It is the best time of the year."), ("The {x} has found a silver ring,", "And that is why it wants to sing."),
    ("The river runs, the flowers grow,", "And where they end, the {x} may know."), ("Good night, dear {x}, close your eyes,", "The moon is climbing in the skies."),
]


def poem(rng):
    kind = hero(rng)
    lines = []
    for first, second in rng.sample(_COUPLETS, rng.choice((1, 2, 2, 2, 3))):
        lines += [first, second]
    verse = "\n".join(lines).replace("{a}", with_article(kind)).replace("A {x}", sentence(with_article(kind))).replace("a {x}", with_article(kind)).replace("{x}", kind)
    if rng.random() < 0.15:
        asked = rng.choice(["write a poem.", "write me a poem.", "tell me a poem.", "a poem please", "sing me a song.", "sing a song.", "do you know a poem?", "write a rhyme."])
        return as_typed(rng, asked), verse
    asked = rng.choice(["write a poem about {}.", "write me a poem about {}.", "a poem about {}, please.", "can you write a poem about {}?", "tell me a poem about {}.",
                        "poem about {}", "please write a short poem about {}.", "a rhyme about {}"])
    return as_typed(rng, asked.format(with_article(kind) if rng.random() < 0.7 else "the " + kind)), verse
