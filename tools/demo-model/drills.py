"""Extra practice for the second stage of training: copying words, sums, counting, and stories made to order."""

import facts
import smalltalk
import stories
from wording import ANIMALS, BOYS, COLOURS, FOODS, GIRLS, HOBBIES, THINGS, as_typed, invented_word, question, sentence, with_article


def _anyone(rng):
    return rng.choice(BOYS + GIRLS) if rng.random() < 0.5 else invented_word(rng).capitalize()


def _exact(rng, text, word):
    """Typed carelessly, unless that would change the word that is to be repeated."""
    typed = as_typed(rng, text)
    return typed if word in typed else text


def name(rng):
    """Told a name, and asked for it soon after."""
    who = _anyone(rng)
    told = rng.choice(["my name is {}.", "I am {}.", "I'm {}.", "Hi, my name is {}.", "call me {}.", "Hello, I am {}.", "hi! I'm {}.", "my name's {}."]).format(who)
    answer = rng.choice([f"Nice to meet you, {who}!", f"Hello {who}! How can I help you?", f"Hi {who}! What would you like to talk about?"])
    turns = [(_exact(rng, told, who), answer)]
    if rng.random() < 0.25:
        turns.append(rng.choice((facts.capital, facts.arithmetic, smalltalk.about_self))(rng))
    if rng.random() < 0.6:
        asked = rng.choice(["what is my name?", "what's my name?", "do you remember my name?", "who am I?"])
        turns.append((as_typed(rng, asked), rng.choice([f"Your name is {who}.", f"You are {who}."])))
    return turns


def favourite(rng):
    kind, items = rng.choice((("animal", ANIMALS), ("colour", COLOURS), ("food", FOODS), ("hobby", HOBBIES)))
    item = rng.choice(items) if rng.random() < 0.7 else invented_word(rng)
    shown = "the " + item if kind == "animal" else item
    told = f"my {rng.choice(('favourite', 'favorite'))} {kind} is {shown}."
    turns = [(_exact(rng, told, item), rng.choice([f"{sentence(shown)} is a good choice!", f"{sentence(shown)}? I like that.",
                                                   f"I will remember that your favourite {kind} is {shown}."]))]
    if rng.random() < 0.25:
        turns.append(rng.choice((facts.capital, stories.story, smalltalk.identity))(rng))
    asked = rng.choice(["what is my favourite {}?", "what is my favorite {}?", "do you remember my favourite {}?"]).format(kind)
    return turns + [(as_typed(rng, asked), f"Your favourite {kind} is {shown}.")]


def echo(rng):
    """Says again what it is told to say."""
    words = [rng.choice(ANIMALS + THINGS + FOODS) if rng.random() < 0.4 else invented_word(rng) for _ in range(rng.choice((1, 1, 2, 3, 4)))]
    text = " ".join(words)
    if rng.random() < 0.3:
        who = _anyone(rng)
        return [(_exact(rng, rng.choice(["Say hello to {}.", "Please greet {}.", "Say hi to {}."]).format(who), who), f"Hello, {who}!")]
    asked = rng.choice(["Say {}.", "Repeat: {}", "Please say {}.", "Repeat after me: {}.", "Say the words {}.", "Can you say {}?"]).format(text)
    return [(_exact(rng, asked, text), sentence(text) + ".")]


def sums(rng):
    """Sums and differences up to twenty, evenly over the pairs."""
    b = rng.randrange(21)
    a = rng.randrange(21 - b)
    show = (lambda n: facts.NUMBERS[n]) if rng.random() < 0.25 else str
    first, second, third = show(a), show(b), show(a + b)
    if rng.random() < 0.5:
        sign, spoken, numbers = "+", "plus", (first, second, third)
    else:
        sign, spoken, numbers = "-", "minus", (third, second, first)
    left, right, result = numbers
    if show is str and rng.random() < 0.3:
        asked = rng.choice(["{} {} {}", "{} {} {} =", "{}{}{}", "what is {} {} {}?"]).format(left, sign, right)
        return [(question(rng, asked), f"{left} {sign} {right} = {result}.")]
    asked = rng.choice(["what is {} {} {}?", "what is {} {} {}?", "how much is {} {} {}?", "{} {} {}?", "what's {} {} {}?"]).format(left, spoken, right)
    return [(question(rng, asked), sentence(f"{left} {spoken} {right} is {result}."))]


def count(rng):
    low = rng.choice((1, 1, 1, rng.randrange(2, 10)))
    high = rng.choice((10, 5, rng.randrange(low + 2, 21)))
    high = max(high, low + 2)
    asked = rng.choice(["count from {} to {}.", "count from {} to {}.", "can you count from {} to {}?", "please count from {} to {}."]).format(low, high)
    if low == 1 and rng.random() < 0.3:
        asked = f"count to {high}."
    return [(as_typed(rng, asked), ", ".join(str(n) for n in range(low, high + 1)) + ".")]


def ordered_story(rng):
    """A story about what was asked for: the manner of the hero, a name, a friend."""
    kind, manner, roll = stories.hero(rng), rng.choice(stories.ADJECTIVES), rng.random()
    friend = stories.other(rng, kind)
    a = with_article(f"{manner} {kind}")
    asked = rng.choice(["tell me a story about {}.", "write a story about {}.", "a story about {}, please.", "tell me a short story about {}."])
    if roll < 0.45:
        return [(as_typed(rng, asked.format(a)), stories.tell(rng, kind, manner=manner))]
    if roll < 0.85:
        return [(as_typed(rng, asked.format(f"{with_article(kind)} and {with_article(friend)}")), stories.tell(rng, kind, friend=friend))]
    who = rng.choice(BOYS + GIRLS)
    return [(_exact(rng, asked.format(f"{with_article(kind)} named {who}"), who), stories.tell(rng, kind, name=who))]


_PLACES = ("Narnia Oz Gotham Mordor Wonderland Utopia Eldorado Camelot Westeros Atlantis Avalon Neverland Hogwarts Xanadu Bavaria Florida Siberia Wales "
           "Nepal Ghana Bolivia Latvia Malta Libya Yemen Haiti Kuwait Qatar Oman Sudan Chad Mali Laos Fiji Tonga Samoa Angola Gabon").split()


def unknown_capital(rng):
    place = rng.choice(_PLACES) if rng.random() < 0.6 else invented_word(rng).capitalize()
    asked = rng.choice(["what is the capital of {}?", "capital of {}?", "what's the capital of {}?", "name the capital of {}."]).format(place)
    return [(question(rng, asked), rng.choice(["I am a tiny model and I do not know that.", "I do not know that. I am only a tiny model."]))]


def small_facts(rng):
    return [rng.choice((facts.animal, facts.animal, facts.words, facts.opposite, facts.calendar))(rng)]


DRILLS = [(20, name), (8, favourite), (8, echo), (32, sums), (8, count), (10, ordered_story), (4, unknown_capital), (10, small_facts)]
