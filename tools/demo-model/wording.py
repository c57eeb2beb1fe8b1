"""Words shared by the text generators, and the ways in which people type a question."""

import string

BOYS = ("Tom Ben Max Sam Leo Finn Otto Hugo Jack Paul Emil Noah Oscar Felix Theo Adam Luke Henry Ravi Kenji Omar Pedro Ivan "
        "Marco David Peter John Mark Eric Alan Carl Dan").split()
GIRLS = ("Anna Lily Mia Emma Rosa Nora Ella Ida Lucy Zoe Clara Ruth Maya Ines Sofia Alice Eva Lina Amy Kate Jane Sara Julia "
         "Hana Priya Olga Laura Mary Grace Nina Vera Tara").split()
ANIMALS = ("cat dog fox bear rabbit mouse owl frog duck horse cow pig sheep goat hen lion tiger elephant monkey turtle snail bee "
           "wolf deer squirrel hedgehog otter seal whale penguin crow sparrow swan ant spider crab fish dolphin parrot camel "
           "donkey badger beaver mole lizard butterfly zebra giraffe kangaroo koala panda dragon unicorn").split()
THINGS = ("robot cloud teapot lamp boat train star tree river clock kite balloon snowman pirate princess king queen farmer baker "
          "wizard knight sailor painter gardener giant ghost computer toy car bicycle pencil book stone leaf shoe hat key bell "
          "moon wizard boy girl child teacher doctor astronaut violin drum lighthouse bridge").split()
COLOURS = "red blue green yellow orange purple pink brown black white grey golden silver".split()
FOODS = ("pizza soup bread cheese apples pears rice pasta cake honey berries pancakes salad chocolate beans potatoes carrots "
         "noodles cookies plums grapes bananas mangoes tomatoes ice_cream").split()
FOODS = [food.replace("_", " ") for food in FOODS]
HOBBIES = ("reading swimming painting singing running dancing cooking chess football tennis music hiking fishing gardening "
           "drawing cycling skating climbing knitting programming photography sailing").split()
CITIES = ("Paris London Rome Berlin Madrid Lisbon Vienna Oslo Tokyo Cairo Dublin Athens Prague Boston Chicago Sydney Mumbai "
          "Toronto Lima Nairobi Seoul Warsaw Geneva Hamburg Milan Porto").split()

_ONSETS = "b br c d dr f fl g gr h j k kl l m n p pr qu r s st t tr v w z zh".split()
_VOWELS = "a e i o u ai ee oo ou".split()
_CODAS = ["", "", "", "n", "r", "l", "m", "s", "t", "x", "k", "nd", "rt"]


def invented_word(rng):
    """A pronounceable word that means nothing, so that copying is learned apart from the word copied."""
    return "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS) for _ in range(rng.choice((1, 2, 2, 2, 3))))


def person(rng):
    if rng.random() < 0.25:
        return invented_word(rng).capitalize()
    return rng.choice(BOYS + GIRLS)


def hero(rng):
    """A kind of story character: mostly a known animal or thing, at times an invented one."""
    roll = rng.random()
    if roll < 0.62:
        return rng.choice(ANIMALS)
    return rng.choice(THINGS) if roll < 0.95 else invented_word(rng)


def with_article(noun):
    return ("an " if noun[0] in "aeiou" and noun != "unicorn" else "a ") + noun


def sentence(text):
    return text[:1].upper() + text[1:]


def typo(rng, text):
    """One slip of the fingers: a letter doubled, dropped or swapped with the next one."""
    places = [i for i in range(1, len(text) - 1) if text[i].isalpha() and text[i + 1].isalpha()]
    if not places:
        return text
    i = rng.choice(places)
    return rng.choice((text[:i] + text[i] + text[i:], text[:i] + text[i + 1:], text[:i] + text[i + 1] + text[i] + text[i + 2:]))


def as_typed(rng, text):
    """The same words as a hurried person would type them."""
    text = sentence(text)
    roll = rng.random()
    if roll < 0.28:
        text = text.lower()
    elif roll < 0.30:
        text = text.upper()
    if rng.random() < 0.25:
        text = text.rstrip(string.punctuation)
    elif rng.random() < 0.04:
        text = text.rstrip(".") + rng.choice("?!")
    return typo(rng, text) if rng.random() < 0.05 else text


_ASKING = ["", "", "", "", "", "", "", "hey, ", "hello, ", "hi! ", "please tell me: ", "tell me, ", "I want to know: ", "quick question: ",
           "so, ", "okay, ", "a question: ", "ok "]
_INDIRECT = ["can you tell me {}?", "do you know {}?", "please tell me {}.", "could you tell me {}?", "I wonder {}.", "tell me {}.",
             "I would like to know {}.", "can you explain {}?"]


def question(rng, direct, indirect=None):
    """Asks <direct> ("what is a cat?") outright, or <indirect> ("what a cat is") inside a longer request."""
    if indirect and rng.random() < 0.2:
        return as_typed(rng, rng.choice(_INDIRECT).format(indirect))
    text = rng.choice(_ASKING) + direct
    if rng.random() < 0.06:
        text = text.rstrip("?.") + ", please?"
    return as_typed(rng, text)
