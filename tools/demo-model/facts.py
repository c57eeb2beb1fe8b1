"""Simple facts as questions and answers: capitals, colours, opposites, calendars, animals, small numbers."""

from wording import ANIMALS, COLOURS, FOODS, question, sentence, with_article

CAPITALS = dict(pair.split(":") for pair in (
    "France:Paris,Germany:Berlin,Italy:Rome,Spain:Madrid,Portugal:Lisbon,England:London,Ireland:Dublin,Austria:Vienna,Greece:Athens,"
    "Norway:Oslo,Sweden:Stockholm,Finland:Helsinki,Denmark:Copenhagen,Poland:Warsaw,Hungary:Budapest,Belgium:Brussels,Russia:Moscow,"
    "Turkey:Ankara,Egypt:Cairo,Kenya:Nairobi,Japan:Tokyo,China:Beijing,India:New Delhi,Australia:Canberra,Canada:Ottawa,"
    "Mexico:Mexico City,Brazil:Brasilia,Argentina:Buenos Aires,Peru:Lima,Chile:Santiago,Cuba:Havana,Switzerland:Bern,"
    "Thailand:Bangkok,Vietnam:Hanoi,Iceland:Reykjavik,Scotland:Edinburgh,Ukraine:Kyiv,Netherlands:Amsterdam,"
    "South Korea:Seoul,United States:Washington").split(","))
_CONTINENTS = {"Europe": "France Germany Italy Spain Portugal England Ireland Austria Greece Norway Sweden Finland Denmark Poland Hungary "
                         "Belgium Switzerland Iceland Scotland Ukraine".split(),
               "Africa": ["Egypt", "Kenya"], "Asia": ["Japan", "China", "India", "Thailand", "Vietnam", "South Korea"],
               "North America": ["Canada", "Mexico", "Cuba"], "South America": ["Brazil", "Argentina", "Peru", "Chile"]}
_WITH_THE = {"Netherlands", "United States"}
_OPPOSITES = [pair.split(":") for pair in (
    "big:small,hot:cold,fast:slow,good:bad,up:down,left:right,day:night,happy:sad,old:young,new:old,light:dark,open:closed,"
    "full:empty,hard:soft,high:low,long:short,loud:quiet,wet:dry,rich:poor,strong:weak,early:late,near:far,clean:dirty,easy:difficult,"
    "first:last,inside:outside,before:after,begin:end,always:never,black:white,love:hate,win:lose,buy:sell,push:pull,yes:no,"
    "wide:narrow,thick:thin,heavy:light,brave:afraid,true:false,sweet:sour,summer:winter,start:stop,friend:enemy,question:answer").split(",")]
_COLOUR_OF = dict(pair.split(":") for pair in (
    "the sky:blue,grass:green,snow:white,a banana:yellow,the sun:yellow,blood:red,a tomato:red,a carrot:orange,coal:black,milk:white,"
    "a lemon:yellow,an elephant:grey,chocolate:brown,a frog:green,the sea:blue,a leaf:green,a pumpkin:orange,a cherry:red,the night:black,"
    "a cloud:white,a strawberry:red,a crow:black,a flamingo:pink,a plum:purple,an orange:orange,wood:brown,gold:yellow,a polar bear:white").split(","))
_SOUNDS = dict(pair.split(":") for pair in (
    "cat:meow,dog:woof,cow:moo,duck:quack,sheep:baa,pig:oink,horse:neigh,lion:roar,owl:hoot,frog:croak,bee:buzz,mouse:squeak,"
    "wolf:howl,snake:hiss,hen:cluck,crow:caw").split(","))
_BABIES = dict(pair.split(":") for pair in (
    "cat:kitten,dog:puppy,cow:calf,horse:foal,sheep:lamb,pig:piglet,duck:duckling,hen:chick,bear:cub,lion:cub,frog:tadpole,goat:kid,"
    "deer:fawn,swan:cygnet,kangaroo:joey,owl:owlet").split(","))
_HOMES = dict(pair.split(":") for pair in (
    "bee:in a hive,bird:in a nest,fish:in the water,fox:in a den,rabbit:in a burrow,spider:in a web,horse:in a stable,lion:on the grassland,"
    "penguin:in the cold south,camel:in the desert,monkey:in the trees,whale:in the sea,ant:in an anthill,bear:in the forest,"
    "owl:in a hollow tree,frog:near the pond,mole:under the ground,cow:on a farm").split(","))
_FOOD_OF = dict(pair.split(":") for pair in (
    "cat:fish and mice,dog:meat,rabbit:grass and carrots,cow:grass,horse:grass and hay,lion:meat,panda:bamboo,bee:nectar,bear:berries and fish,"
    "monkey:fruit,squirrel:nuts,frog:insects,owl:mice,penguin:fish,elephant:leaves and grass,mouse:seeds and cheese,koala:leaves,spider:flies").split(","))
_LEGS = {"dog": "four", "cat": "four", "horse": "four", "spider": "eight", "bird": "two", "bee": "six", "ant": "six", "snake": "no",
         "fish": "no", "cow": "four", "duck": "two", "crab": "ten", "person": "two", "octopus": "no", "elephant": "four"}
_BY_SIZE = "ant bee mouse frog cat dog sheep pig lion horse elephant whale".split()
_RHYMES = [group.split() for group in ("cat hat mat bat", "dog frog log fog", "tree bee sea key", "night light bright kite", "house mouse",
                                       "star car far jar", "moon spoon soon tune", "day play say way", "rain train brain chain",
                                       "cake lake snake make", "ring sing king wing", "bear chair hair pear", "goat boat coat", "blue shoe two new")]
_KINDS = {"fruit": "apple pear banana plum cherry grape mango lemon peach".split(), "animal": ANIMALS[:24], "colour": COLOURS[:9],
          "vegetable": "carrot potato onion bean pea cabbage spinach".split(), "bird": "owl duck crow sparrow swan penguin parrot".split(),
          "flower": "rose tulip daisy lily violet".split(), "planet": "Earth Mars Venus Jupiter Saturn Mercury".split(),
          "city": "Paris Rome London Berlin Madrid Tokyo".split(), "tool": "hammer saw shovel screwdriver".split(),
          "instrument": "piano violin drum flute guitar".split(), "drink": "water tea milk juice coffee".split()}
_PLURALS = {"city": "cities"}
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
SEASONS = "spring summer autumn winter".split()
NUMBERS = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
           "nineteen twenty").split()
_HELLO = {"French": "bonjour", "Spanish": "hola", "German": "hallo", "Italian": "ciao", "Portuguese": "ola", "Dutch": "hallo", "Swedish": "hej"}
_PIECES = [
    (["how many days are in a week?", "how many days does a week have?"], "A week has seven days."),
    (["name the days of the week.", "what are the days of the week?", "list the days of the week."],
     "The days are Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday."),
    (["how many months are in a year?", "how many months does a year have?"], "A year has twelve months."),
    (["name the months.", "what are the months of the year?", "list the months."], "The months are " + ", ".join(MONTHS[:-1]) + " and December."),
    (["how many seasons are there?", "name the seasons.", "what are the four seasons?"], "The four seasons are spring, summer, autumn and winter."),
    (["how many hours are in a day?", "how many hours does a day have?"], "A day has twenty-four hours."),
    (["how many minutes are in an hour?"], "An hour has sixty minutes."), (["how many seconds are in a minute?"], "A minute has sixty seconds."),
    (["how many days are in a year?"], "A year has 365 days, and a leap year has 366."),
    (["why is the sky blue?"], "The air scatters blue light more than red light, so the sky looks blue."),
    (["what is the sun?", "is the sun a star?"], "The sun is a star. It gives us light and warmth."),
    (["what is the moon?"], "The moon is a ball of rock that travels around the Earth."),
    (["what is rain?", "where does rain come from?", "why does it rain?"], "Rain is water that falls from the clouds in small drops."),
    (["what is snow?"], "Snow is frozen water that falls from the clouds."), (["what is ice?"], "Ice is frozen water."),
    (["what is a rainbow?"], "A rainbow is sunlight that raindrops split into many colours."),
    (["what is a tree?"], "A tree is a tall plant with a trunk, branches and leaves."),
    (["what is a river?"], "A river is water that flows over the land to the sea."), (["what is the sea?"], "The sea is a very large body of salt water."),
    (["what is a planet?"], "A planet is a large ball that travels around a star."), (["where do we live?", "what is the Earth?"], "The Earth is the planet on which we live."),
    (["what is a book?"], "A book is a set of pages that people read."), (["what is music?"], "Music is sound that people arrange so that it is nice to hear."),
    (["what is a friend?"], "A friend is a person whom you like and who likes you."), (["what is water?"], "Water is a clear liquid that all living things need."),
    (["why do birds sing?"], "Birds sing to find each other and to guard their home."), (["why do we sleep?"], "We sleep so that the body and the mind can rest."),
    (["how many colours are in a rainbow?"], "A rainbow has seven colours."), (["which animal is the largest?", "what is the biggest animal?"], "The blue whale is the largest animal."),
    (["which animal is the tallest?"], "The giraffe is the tallest animal."), (["which animal is the fastest?"], "The cheetah is the fastest animal on land."),
    (["how many legs does an octopus have?", "how many arms does an octopus have?"], "An octopus has eight arms."),
    (["say the alphabet.", "what is the alphabet?"], "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z."),
    (["what is a computer?"], "A computer is a machine that follows instructions very quickly."), (["what is the internet?"], "The internet is a network that connects computers all over the world."),
]


def country(name):
    return "the " + name if name in _WITH_THE else name


def capital(rng):
    name = rng.choice(list(CAPITALS))
    city, full, roll = CAPITALS[name], country(name), rng.random()
    if roll < 0.8:
        asked = rng.choice(["what is the capital of {}?", "what's the capital of {}?", "which city is the capital of {}?", "capital of {}?",
                            "the capital of {}?", "name the capital of {}.", "what is the capital city of {}?"])
        return question(rng, asked.format(full), f"what the capital of {full} is"), f"The capital of {full} is {city}."
    if roll < 0.93:
        return question(rng, rng.choice(["where is {}?", "in which country is {}?", "which country is {} in?"]).format(city)), \
            f"{city} is the capital of {full}."
    for continent, names in _CONTINENTS.items():
        if name in names:
            return question(rng, rng.choice(["where is {}?", "on which continent is {}?"]).format(full)), f"{sentence(full)} is in {continent}."
    return question(rng, f"is {city} the capital of {full}?"), f"Yes, {city} is the capital of {full}."


def opposite(rng):
    word, other = rng.choice(_OPPOSITES)
    if word in ("new", "light", "heavy"):
        pass
    elif rng.random() < 0.5 and other not in ("light", "old", "afraid"):
        word, other = other, word
    asked = rng.choice(["what is the opposite of {}?", "opposite of {}?", "what's the opposite of {}?", "the opposite of {}?"])
    return question(rng, asked.format(word), f"what the opposite of {word} is"), f"The opposite of {word} is {other}."


def colour(rng):
    thing = rng.choice(list(_COLOUR_OF))
    tone = _COLOUR_OF[thing]
    if rng.random() < 0.2:
        return question(rng, f"is {thing} {tone}?"), f"Yes, {thing} is {tone}."
    asked = rng.choice(["what colour is {}?", "what color is {}?", "which colour does {} have?", "what is the colour of {}?"])
    return question(rng, asked.format(thing), f"what colour {thing} is"), sentence(f"{thing} is {tone}.")


def animal(rng):
    kind = rng.randrange(7)
    if kind == 0:
        name = rng.choice(list(_SOUNDS))
        asked = rng.choice(["what sound does {} make?", "what does {} say?", "which sound does {} make?"]).format(with_article(name))
        return question(rng, asked), f"{sentence(with_article(name))} says {_SOUNDS[name]}."
    if kind == 1:
        name = rng.choice(list(_BABIES))
        asked = rng.choice(["what is a baby {} called?", "what do you call a baby {}?", "what is the name of a baby {}?"]).format(name)
        return question(rng, asked), f"A baby {name} is called {with_article(_BABIES[name])}."
    if kind == 2:
        name = rng.choice(list(_HOMES))
        return question(rng, f"where does {with_article(name)} live?", f"where {with_article(name)} lives"), \
            f"{sentence(with_article(name))} lives {_HOMES[name]}."
    if kind == 3:
        name = rng.choice(list(_FOOD_OF))
        return question(rng, f"what does {with_article(name)} eat?", f"what {with_article(name)} eats"), f"{sentence(with_article(name))} eats {_FOOD_OF[name]}."
    if kind == 4:
        name = rng.choice(list(_LEGS))
        return question(rng, f"how many legs does {with_article(name)} have?", f"how many legs {with_article(name)} has"), \
            f"{sentence(with_article(name))} has {_LEGS[name]} legs."
    if kind == 5:
        name = rng.choice([name for name in _FOOD_OF if name in _HOMES or name in _SOUNDS])
        told = f"It lives {_HOMES[name]}" if name in _HOMES else f"It says {_SOUNDS[name]}"
        asked = rng.choice(["what is {}?", "tell me about {}.", "what do you know about {}?", "describe {}."]).format(with_article(name))
        return question(rng, asked), f"{sentence(with_article(name))} is an animal. {told} and eats {_FOOD_OF[name]}."
    low, high = sorted(rng.sample(range(len(_BY_SIZE)), 2))
    pair = [with_article(_BY_SIZE[low]), with_article(_BY_SIZE[high])]
    first, second = pair if rng.random() < 0.5 else pair[::-1]
    if rng.random() < 0.7:
        return question(rng, rng.choice(["which is bigger, {} or {}?", "what is bigger, {} or {}?", "which is larger, {} or {}?"]).format(first, second)), \
            f"{sentence(pair[1])} is bigger than {pair[0]}."
    return question(rng, f"which is smaller, {first} or {second}?"), f"{sentence(pair[0])} is smaller than {pair[1]}."


def calendar(rng):
    names, unit = rng.choice(((DAYS, "day"), (DAYS, "day"), (MONTHS, "month"), (MONTHS, "month"), (SEASONS, "season")))
    i = rng.randrange(len(names))
    if rng.random() < 0.6:
        asked = rng.choice(["which {u} comes after {n}?", "what {u} comes after {n}?", "what comes after {n}?", "what is the {u} after {n}?"])
        return question(rng, asked.format(u=unit, n=names[i])), f"{sentence(names[(i + 1) % len(names)])} comes after {names[i]}."
    asked = rng.choice(["which {u} comes before {n}?", "what {u} comes before {n}?", "what comes before {n}?"])
    return question(rng, asked.format(u=unit, n=names[i])), f"{sentence(names[i - 1])} comes before {names[i]}."


def arithmetic(rng):
    if rng.random() < 0.07:
        a, b = rng.sample([rng.randrange(21, 1000), rng.randrange(21, 100), rng.randrange(100)], 2)
        if a + b > 20:
            asked = rng.choice(["what is {} {} {}?", "{} {} {}", "how much is {} {} {}?"]).format(a, rng.choice(("plus", "minus", "times", "+", "-", "*", "divided by")), b)
            return question(rng, asked), "I can only add and subtract small numbers, up to twenty."
    words = rng.random() < 0.3
    show = (lambda n: NUMBERS[n]) if words else str
    if rng.random() < 0.65:
        total = rng.choice((rng.randrange(21), rng.randrange(11)))
        a = rng.randrange(total + 1)
        b, sign, spoken = total - a, "+", "plus"
    else:
        a = rng.choice((rng.randrange(21), rng.randrange(11)))
        b, sign, spoken = rng.randrange(a + 1), "-", "minus"
        total = a - b
    left, right, result = show(a), show(b), show(total)
    if not words and rng.random() < 0.35:
        return question(rng, rng.choice(["{} {} {}", "{} {} {} =", "what is {} {} {}?", "{} {} {}?", "{}{}{}"]).format(left, sign, right)), f"{left} {sign} {right} = {result}."
    asked = rng.choice(["what is {} {} {}?", "what's {} {} {}?", "how much is {} {} {}?", "{} {} {}?", "calculate {} {} {}.", "compute {} {} {}."])
    return question(rng, asked.format(left, spoken, right), f"what {left} {spoken} {right} is"), sentence(f"{left} {spoken} {right} is {result}.")


def counting(rng):
    roll = rng.random()
    if roll < 0.45:
        low = rng.choice((1, 1, 1, rng.randrange(2, 12)))
        high = rng.randrange(low + 2, 21)
        show = str if rng.random() < 0.7 else (lambda n: NUMBERS[n])
        run = ", ".join(show(n) for n in range(low, high + 1)) + "."
        asked = rng.choice(["count from {} to {}.", "please count from {} to {}.", "can you count from {} to {}?"]).format(show(low), show(high))
        if low == 1 and rng.random() < 0.5:
            asked = rng.choice(["count to {}.", "can you count to {}?"]).format(show(high))
        return question(rng, asked), sentence(run)
    if roll < 0.55:
        high = rng.randrange(3, 16)
        return question(rng, rng.choice(["count down from {}.", "count backwards from {}."]).format(high)), ", ".join(str(n) for n in range(high, -1, -1)) + "."
    if roll < 0.75:
        a, b = rng.sample(range(21), 2)
        return question(rng, rng.choice(["which is larger, {} or {}?", "which number is bigger, {} or {}?"]).format(a, b)), f"{max(a, b)} is larger than {min(a, b)}."
    if roll < 0.9:
        n = rng.randrange(20)
        return question(rng, rng.choice(["which number comes after {}?", "what number comes after {}?", "what comes after {}?"]).format(n)), f"{n + 1} comes after {n}."
    n = rng.randrange(1, 21)
    return question(rng, rng.choice(["is {} even?", "is {} odd?", "is {} even or odd?"]).format(n)), f"{n} is an {'odd' if n % 2 else 'even'} number."


def words(rng):
    roll = rng.random()
    if roll < 0.3:
        group = rng.choice(_RHYMES)
        word, other = rng.sample(group, 2)
        return question(rng, rng.choice(["what rhymes with {}?", "a word that rhymes with {}?", "give me a rhyme for {}."]).format(word)), f"{sentence(other)} rhymes with {word}."
    if roll < 0.6:
        kind = rng.choice(list(_KINDS))
        n = rng.randrange(2, 5)
        some = rng.sample(_KINDS[kind], n)
        plural = _PLURALS.get(kind, kind + "s")
        return question(rng, rng.choice(["name {n} {p}.", "give me {n} {p}.", "tell me {n} {p}.", "list {n} {p}."]).format(n=rng.choice((NUMBERS[n], str(n))), p=plural)), \
            sentence(", ".join(some[:-1]) + " and " + some[-1] + ".")
    if roll < 0.8:
        kind, other = rng.sample([k for k in _KINDS if k not in ("city", "planet")], 2)
        name = rng.choice(_KINDS[kind])
        right = rng.random() < 0.5 or name in _KINDS[other]
        if {kind, other} == {"bird", "animal"}:
            right = True
        asked = f"is {with_article(name)} {with_article(kind if right else other)}?"
        return question(rng, asked), f"{'Yes' if right else 'No'}, {with_article(name)} is {with_article(kind)}."
    if roll < 0.9:
        tongue = rng.choice(list(_HELLO))
        return question(rng, rng.choice(["how do you say hello in {}?", "what is hello in {}?", "say hello in {}."]).format(tongue)), f"Hello in {tongue} is {_HELLO[tongue]}."
    food = rng.choice(FOODS)
    return question(rng, rng.choice(["what should I eat?", "what can I cook today?", "what should I have for dinner?"])), f"How about some {food}?"


def piece(rng):
    asked, answer = rng.choice(_PIECES)
    return question(rng, rng.choice(asked)), answer
