"""Conversations of several turns in which an earlier turn matters later."""

import facts
import glossary
import smalltalk
import stories
from wording import ANIMALS, CITIES, COLOURS, FOODS, HOBBIES, as_typed, invented_word, person, sentence

SHORT = [  # (weight, generator of one question and its answer)
    (5, smalltalk.greeting), (5, smalltalk.identity), (9, smalltalk.about_self), (3, smalltalk.mood), (3, smalltalk.advice), (4, smalltalk.liking),
    (9, smalltalk.unknown), (3, smalltalk.nonsense), (8, facts.capital), (4, facts.opposite), (3, facts.colour), (5, facts.animal),
    (4, facts.calendar), (10, facts.arithmetic), (4, facts.counting), (4, facts.words), (4, facts.piece), (9, glossary.term), (2, stories.poem),
]


def draw(rng, weighted):
    return rng.choices([item for _, item in weighted], [weight for weight, _ in weighted])[0]


def short(rng):
    return draw(rng, SHORT)(rng)


def _told_name(rng):
    name = person(rng)
    told = rng.choice(["my name is {}.", "I am {}.", "I'm {}.", "hello, I am {}.", "hi, my name is {}.", "call me {}.", "you can call me {}.", "hi! I'm {}."])
    answer = rng.choice([f"Nice to meet you, {name}!", f"Hello {name}! How can I help you?", f"Hi {name}! What would you like to talk about?"])
    asked = rng.choice(["what is my name?", "do you remember my name?", "who am I?", "what's my name?", "how am I called?", "do you know my name?"])
    return (_keep(rng, told.format(name), name), answer), (as_typed(rng, asked), rng.choice([f"Your name is {name}.", f"You are {name}."]))


def _keep(rng, text, word):
    """Typed carelessly, but with <word> as it must be repeated."""
    typed = as_typed(rng, text)
    return typed if word in typed else sentence(text)


_FAVOURITES = {"animal": ANIMALS, "colour": COLOURS, "food": FOODS, "hobby": HOBBIES, "city": CITIES}


def _told_favourite(rng):
    kind = rng.choice(list(_FAVOURITES))
    item = rng.choice(_FAVOURITES[kind]) if rng.random() < 0.85 else invented_word(rng)
    if kind == "city":
        item = sentence(item)
    told = rng.choice(["my favourite {k} is {i}.", "my favorite {k} is {i}.", "the {k} that I like most is {i}."]) if kind != "animal" else \
        rng.choice(["my favourite animal is the {i}.", "my favorite animal is the {i}.", "the animal that I like most is the {i}."])
    shown = "the " + item if kind == "animal" else item
    answer = rng.choice([f"{sentence(shown)} is a good choice!", f"{sentence(shown)}? I like that.", f"I will remember that your favourite {kind} is {shown}."])
    asked = rng.choice(["what is my favourite {}?", "what is my favorite {}?", "do you remember my favourite {}?", "which {} do I like most?"]).format(kind)
    return (_keep(rng, told.format(k=kind, i=item), item), answer), (as_typed(rng, asked), f"Your favourite {kind} is {shown}.")


def remembered(rng):
    """Told first, asked again later, with other turns between."""
    told, asked = (_told_name if rng.random() < 0.6 else _told_favourite)(rng)
    turns = [smalltalk.greeting(rng)] if rng.random() < 0.3 else []
    turns.append(told)
    other = None
    if rng.random() < 0.35:
        other, other_asked = _told_favourite(rng)
        if other_asked[1].split(" is ")[0] != asked[1].split(" is ")[0]:
            turns.append(other)
        else:
            other = None
    turns += [short(rng) for _ in range(rng.choice((0, 0, 1, 1, 2, 3)))]
    turns.append(asked)
    if other and rng.random() < 0.6:
        turns.append(other_asked)
    return turns


def not_told(rng):
    """Asked for what was never told."""
    asked, answer = rng.choice([("what is my name?", "You have not told me your name yet."), ("who am I?", "You have not told me your name yet."),
                                ("do you know my name?", "You have not told me your name yet."), ("what is my favourite animal?", "You have not told me that yet."),
                                ("what is my favourite colour?", "You have not told me that yet.")])
    turns = [short(rng) for _ in range(rng.choice((0, 0, 1)))]
    return turns + [(as_typed(rng, asked), answer)]


def follow_up(rng):
    """The second question makes sense only after the first."""
    roll = rng.random()
    if roll < 0.3:
        names = rng.sample(list(facts.CAPITALS), rng.choice((2, 2, 3)))
        turns = [(as_typed(rng, f"what is the capital of {facts.country(names[0])}?"), f"The capital of {facts.country(names[0])} is {facts.CAPITALS[names[0]]}.")]
        for name in names[1:]:
            asked = rng.choice(["and of {}?", "and {}?", "what about {}?", "and the capital of {}?"]).format(facts.country(name))
            turns.append((as_typed(rng, asked), f"The capital of {facts.country(name)} is {facts.CAPITALS[name]}."))
        return turns
    if roll < 0.55:
        total = rng.randrange(1, 8)
        b = rng.randrange(1, 8)
        turns = [(as_typed(rng, f"what is {total} plus {b}?"), f"{total} plus {b} is {total + b}.")]
        total += b
        while total < 18 and len(turns) < 3:
            b = rng.randrange(1, 21 - total)
            turns.append((as_typed(rng, rng.choice(["plus {}?", "and plus {}?", "now add {}.", "add {} to that."]).format(b)), f"{total} plus {b} is {total + b}."))
            total += b
        return turns
    if roll < 0.8:
        turns = [stories.story(rng)]
        asked = rng.choice(["another one", "one more, please.", "tell me another story.", "and now one about {}?", "now a story about {}.", "again, but about {}."])
        kind = stories.hero(rng)
        turns.append((as_typed(rng, asked.format(stories.with_article(kind))), stories.tell(rng, kind if "{}" in asked else None)))
        return turns
    if roll < 0.9:
        first = stories.poem(rng)
        return [first, rng.choice(_CLOSINGS)(rng)]
    told, answer = smalltalk.mood(rng)
    return [(told, answer), stories.story(rng)]


_CLOSINGS = [lambda rng: (as_typed(rng, rng.choice(["thanks!", "thank you", "nice!", "very nice, thank you."])), rng.choice(["You are welcome!", "I am glad you like it."])),
             lambda rng: (as_typed(rng, rng.choice(["bye", "goodbye", "see you"])), rng.choice(["Goodbye! It was nice to talk with you.", "Bye! Have a lovely day."]))]


def chat(rng, turns=None):
    """Unconnected turns, as when people try a model out."""
    turns = turns or rng.choice((2, 2, 3, 3, 4))
    made = [smalltalk.greeting(rng)] if rng.random() < 0.4 else []
    made += [stories.story(rng) if rng.random() < 0.08 else short(rng) for _ in range(turns)]
    if rng.random() < 0.3:
        made.append(rng.choice(_CLOSINGS)(rng))
    return made


def long_chat(rng):
    """A conversation up to the context length, with something told at its start asked at its end."""
    told, asked = (_told_name if rng.random() < 0.6 else _told_favourite)(rng)
    return [told] + chat(rng, rng.randrange(6, 20)) + [asked] + chat(rng, 2)
