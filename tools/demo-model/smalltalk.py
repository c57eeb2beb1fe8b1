"""Greetings, thanks, moods, likes, advice, and honest answers to what the model cannot know."""

from wording import (ANIMALS, CITIES, COLOURS, FOODS, HOBBIES, THINGS, as_typed, invented_word, person, question, sentence,
                     with_article)

NAME = "the ActorInference demo model"

_GREETINGS = ["hello!", "hello", "hi", "hi!", "hi there", "hey", "hey there", "hey!", "good morning", "good evening", "good afternoon",
              "hello there!", "hello model", "greetings", "hiya", "hi bot", "hello, how are you?", "hello again", "yo", "good day",
              "hello computer", "hello world"]
_WELCOMES = ["Hello! How can I help you today?", "Hello! What would you like to talk about?", "Hi there! What can I do for you?",
             "Hello! It is nice to meet you. Ask me something, or ask for a story.", "Hi! I am happy to talk with you."]


def greeting(rng):
    text = rng.choice(_GREETINGS)
    if "how are you" in text:
        return as_typed(rng, text), "Hello! I am well, thank you. How are you?"
    answer = rng.choice(_WELCOMES)
    for part in ("morning", "evening", "afternoon"):
        if part in text:
            answer = f"Good {part}! How can I help you today?"
    return as_typed(rng, text), answer


_SELF = [
    (["who are you?", "what are you?", "what is your name?", "what's your name?", "do you have a name?", "how are you called?",
      "tell me your name.", "which model are you?", "what model is this?", "who am I talking to?", "introduce yourself.",
      "what should I call you?", "who is this?", "are you a chatbot?", "tell me about yourself."],
     [f"I am {NAME}, a tiny language model.", f"My name is {NAME}. I am a tiny language model with a few million parameters.",
      f"I am {NAME}. I am a very small language model, so I only know simple things."]),
    (["what can you do?", "what are you able to do?", "how can you help me?", "what do you know?", "what can I ask you?", "help",
      "can you help me?", "what are you good at?", "give me some examples of what you can do.", "what should I ask you?"],
     ["I can chat a little, tell short stories and poems, add small numbers and answer simple questions.",
      "I am tiny, but I can tell you a story, write a short poem, name a capital city or add two small numbers.",
      "I can tell stories, answer simple questions and explain words like prefill and decode."]),
    (["are you human?", "are you a person?", "are you real?", "are you alive?", "are you a robot?", "are you a machine?",
      "do you have a body?", "do you have feelings?", "do you dream?", "do you sleep?", "can you think?"],
     ["No, I am not a person. I am a tiny language model that runs on a computer.",
      "I am only a small computer program that predicts the next word."]),
    (["who made you?", "where do you come from?", "how were you made?", "how were you trained?", "who trained you?", "who built you?",
      "what were you trained on?", "where were you trained?"],
     ["I was trained from scratch on simple generated texts, as a demo for ActorInference.",
      "The ActorInference project made me. I learned from short dialogues and stories that a small script wrote."]),
    (["how big are you?", "how many parameters do you have?", "how large are you?", "are you a large model?", "how small are you?",
      "are you smart?", "are you clever?", "are you as good as a large model?", "can I trust you?", "do you make mistakes?"],
     ["I am very small: I have only a few million parameters, so I make many mistakes.",
      "I am a tiny model. Please do not trust me with anything important."]),
    (["how old are you?", "when were you born?", "when is your birthday?", "what is your age?"],
     ["I have no age. I am a small program, and every chat is new to me."]),
    (["where are you?", "where do you live?", "where do you run?", "what computer do you run on?"],
     ["I live in the memory of the computer that runs ActorInference."]),
    (["how are you?", "how are you doing?", "how do you do?", "how is it going?", "how are things?", "are you okay?", "what's up?",
      "how do you feel?", "how are you today?", "how was your day?"],
     ["I am well, thank you. How are you?", "I am fine, thank you for asking! And you?", "Very well, thank you. What can I do for you?"]),
    (["thanks", "thank you!", "thank you very much.", "thanks a lot!", "many thanks", "thanks, that helped.", "great, thank you.",
      "cool, thanks", "thx", "that was nice, thank you.", "thank you so much!"],
     ["You are welcome!", "You are welcome. Is there anything else?", "My pleasure! Ask me more if you like.", "Glad to help!"]),
    (["bye", "goodbye!", "good night", "see you later", "see you!", "bye bye", "I have to go now.", "farewell", "that is all for today.",
      "see you tomorrow", "talk to you later"],
     ["Goodbye! It was nice to talk with you.", "Bye! Have a lovely day.", "See you soon! Take care."]),
    (["good job!", "well done!", "you are funny.", "you are great!", "I like you.", "that is good.", "nice!", "wow!", "cool", "great",
      "you are clever.", "awesome", "very good", "I love it!", "that was a nice story."],
     ["Thank you! That is kind of you.", "Thank you, I am glad you like it.", "That makes me happy. Thank you!"]),
    (["that is wrong.", "you are wrong.", "no, that is not right.", "that is not true.", "this makes no sense.", "you are stupid.",
      "bad answer", "that is a bad answer.", "I do not like that.", "wrong!"],
     ["I am sorry. I am a tiny model and I make mistakes.", "Sorry about that! I am small and I am often wrong."]),
    (["ok", "okay", "yes", "no", "maybe", "I see.", "sure", "hmm", "right", "good", "fine", "yes please", "no thanks", "alright"],
     ["All right. What would you like to talk about?", "Okay! Ask me something, or ask for a story."]),
    (["test", "testing", "this is a test.", "are you there?", "hello? is anyone there?", "does this work?", "can you hear me?", "ping"],
     ["Yes, I am here and I am working.", "It works! I am here."]),
    (["tell me a joke.", "do you know a joke?", "make me laugh.", "say something funny.", "a joke please", "joke"],
     ["Why did the computer go to bed? It needed to sleep for a few seconds.", "What do you call a bear with no teeth? A gummy bear.",
      "Why was the number six afraid? Because seven ate nine.", "Why did the actor stop? There was a poison pill in the mailbox.",
      "What is brown and sticky? A stick."]),
    (["say something.", "say anything.", "talk to me.", "I am bored.", "entertain me.", "tell me something.", "tell me something nice.",
      "surprise me."],
     ["Did you know that a snail carries its house on its back?", "Here is a thought: a small light is enough to read a book.",
      "You can do more than you think, one small step at a time.", "Bees dance to tell each other where the flowers are."]),
    (["do you like me?", "are you my friend?", "can we be friends?", "will you be my friend?"],
     ["I am only a small program, but I like to talk with you."]),
    (["what time is it?", "what day is it today?", "what is the date?", "what year is it?", "what is the weather like?",
      "will it rain tomorrow?", "is it sunny outside?", "what is the news today?", "how late is it?"],
     ["I cannot see a clock or a window, so I do not know that.", "I do not know that. I have no clock, no window and no internet."]),
]


def about_self(rng):
    asked, answers = rng.choice(_SELF)
    text = rng.choice(asked)
    return (question if text.endswith("?") else as_typed)(rng, text), rng.choice(answers)


def identity(rng):
    """The questions a newcomer asks first; they get more practice than the rest."""
    asked, answers = _SELF[rng.choice((0, 0, 1, 7))]
    return question(rng, rng.choice(asked)), rng.choice(answers)


_MOODS = [
    ("sad lonely unhappy down upset", ["I am sorry to hear that. Do you want to talk about it?",
                                      "I am sorry that you feel {m}. A walk or a talk with a friend may help."]),
    ("happy glad excited proud cheerful great", ["That is wonderful! What made you feel {m}?", "I am glad to hear that you are {m}!"]),
    ("tired sleepy exhausted", ["You should rest a little. A short sleep helps when you are {m}.", "Then take a break. You have earned it."]),
    ("angry annoyed mad", ["I understand. Take a deep breath and count to ten.", "I am sorry that you are {m}. What happened?"]),
    ("hungry thirsty", ["Then it is time for a break. How about some {f}?", "You could have some {f}."]),
    ("cold freezing", ["Put on something warm and drink some tea."]),
    ("ill sick unwell", ["Oh no! I hope that you feel better soon.", "Rest well and drink some tea. I hope that you feel better soon."]),
    ("afraid scared worried nervous", ["It is all right to be {m}. Breathe slowly, and take one small step.",
                                      "I understand. What are you {m} about?"]),
    ("busy late", ["Then let us be quick. What do you need?"]),
]


def mood(rng):
    words, answers = rng.choice(_MOODS)
    word = rng.choice(words.split())
    said = rng.choice(["I am {}.", "I'm {}.", "I feel {}.", "I am very {}.", "I am so {} today.", "today I am {}.", "I feel a bit {}."])
    return as_typed(rng, said.format(word)), rng.choice(answers).format(m=word, f=rng.choice(FOODS))


_TIPS = [
    ("sleep better|fall asleep", ["Go to bed at the same time every day, and keep the room dark and quiet.", "Read a calm book and put the phone away."]),
    ("learn faster|study better|learn a language", ["Practise a little every day, and explain what you learned to a friend.", "Learn in short pieces and take breaks."]),
    ("make friends|meet people", ["Smile, say hello and ask people about themselves.", "Join a club and do something that you like."]),
    ("be happy|feel better", ["Go for a walk, call a friend and eat something good.", "Do one small thing that you enjoy."]),
    ("save money", ["Write down what you spend, and buy only what you need."]),
    ("get fit|be healthy|lose weight", ["Walk every day, eat vegetables and sleep enough.", "Move a little every day and drink water."]),
    ("cook rice|make rice", ["Wash the rice, add two cups of water for each cup of rice, and cook it slowly."]),
    ("make tea|make a cup of tea", ["Boil water, pour it on the tea and wait for three minutes."]),
    ("make a sandwich", ["Take two slices of bread, add cheese and salad, and put them together."]),
    ("write a letter|write an email", ["Start with a greeting, say what you want in short sentences, and end with your name."]),
    ("stop worrying|relax|calm down", ["Breathe in slowly, count to four and breathe out. Then do it again.", "Sit down, breathe slowly and listen to soft music."]),
    ("write better code|learn programming|become a programmer", ["Write small programs, read good code and test every part.", "Start with a tiny program and make it a little better every day."]),
    ("plant a tree|grow flowers|start a garden", ["Dig a hole, put in the plant, and water it every morning."]),
    ("clean my room|tidy up", ["Start with one corner, and put every thing in its place."]),
    ("wake up early", ["Go to bed early and put the alarm clock far from the bed."]),
    ("be brave|speak in public", ["Practise with a friend first, and remember that everyone is nervous at times."]),
    ("read more|read a book", ["Keep a book near your bed and read ten pages every evening."]),
    ("say sorry|say sorry to a friend", ["Say what you did, say that you are sorry, and ask how you can help."]),
]


def advice(rng):
    goals, tips = rng.choice(_TIPS)
    goal = rng.choice(goals.split("|"))
    asked = rng.choice(["how can I {}?", "how do I {}?", "give me advice on how to {}.", "I want to {}.", "what should I do to {}?",
                        "can you give me a tip to {}?", "how to {}", "any tips to {}?", "help me to {}."])
    return question(rng, asked.format(goal)), rng.choice(tips)


def liking(rng):
    """The user likes or has something; the answer takes the word up."""
    roll = rng.random()
    if roll < 0.4:
        food = rng.choice(FOODS + HOBBIES + [animal + "s" for animal in ("cat", "dog", "horse", "bird", "flower", "train", "book")])
        if rng.random() < 0.2:
            food = invented_word(rng)
        said = rng.choice(["I like {}.", "I love {}.", "I really like {}.", "I enjoy {}.", "do you like {}?"]).format(food)
        if said.startswith("do"):
            return as_typed(rng, said), rng.choice([f"I am a program, so I cannot try {food}. Do you like {food}?",
                                                    f"I only know {food} from texts. Do you like {food}?"])
        return as_typed(rng, said), rng.choice([f"{sentence(food)}? That is great! What do you like most about it?",
                                                f"It is nice that you like {food}.", f"Tell me more! Why do you like {food}?"])
    if roll < 0.7:
        animal, name = rng.choice(ANIMALS), person(rng)
        if rng.random() < 0.5:
            return as_typed(rng, f"I have {with_article(animal)}."), f"How nice! What is the name of your {animal}?"
        return as_typed(rng, f"my {animal} is called {name}."), f"{name} is a lovely name for {with_article(animal)}."
    city = rng.choice(CITIES) if rng.random() < 0.8 else invented_word(rng).capitalize()
    said = rng.choice(["I live in {}.", "I am from {}.", "I am in {}.", "I was born in {}."]).format(city)
    return as_typed(rng, said), rng.choice([f"I have never seen {city}, but I would like to hear about it.", f"What is it like in {city}?"])


_OBJECTS = ("car phone printer laptop bicycle washing_machine radio camera guitar piano engine battery rocket bridge airport bank "
            "hospital football_team company film song painting war planet language law game website password recipe medicine "
            "vaccine virus protein molecule theorem equation black_hole volcano election president minister prize university "
            "stock_market currency tax contract server database compiler framework algorithm satellite").split()
_TASKS = ("fix install repair write cook translate summarize build program sort solve open cancel book order sell buy design "
          "measure connect configure debug download replace clean paint").split()
_UNKNOWN = [
    "who wrote {W}?", "who is {W}?", "who was {W}?", "when was {W} born?", "what happened in {Y}?", "who won the {o} in {Y}?",
    "what is the population of {W}?", "how many people live in {W}?", "what is the best {o}?", "how does a {o} work?", "what is {w}?",
    "what does {w} mean?", "how do I {t} a {o}?", "can you {t} my {o}?", "write a python program to {t} a {o}.", "explain {w}.",
    "what is the price of a {o}?", "how much does a {o} cost?", "who invented the {o}?", "when was the {o} invented?", "where is {W}?",
    "what is the square root of {n}?", "what is {n} times {n}?", "how far is {W}?", "what do you think about the {o}?",
    "which {o} should I buy?", "why is the {o} so important?", "what is the history of the {o}?", "who is the president of {W}?",
    "what is the capital of {W}?", "how tall is {W}?", "how old is {W}?", "translate {w} into {W}.", "what is the latest {o}?",
    "tell me about {W}.", "tell me about the {o}.", "what is a {o} made of?", "compare a {o} and a {o}.", "who directed {W}?",
    "what is the {o} of {W}?", "what is the phone number of {W}?", "is {W} a good {o}?", "write an essay about the {o}.",
    "how do I make a {o}?", "why does my {o} not work?", "what is quantum {w}?", "how do you {t} a {w}?", "what is the weather in {W}?",
    "why do people {t} a {o}?", "what is the speed of a {o}?", "what is the difference between a {o} and a {o}?", "what is a {w}?",
    "who discovered {w}?", "can I {t} a {o} with a {o}?", "summarize the {o}.", "how long does it take to {t} a {o}?",
    "what is the meaning of life?", "what happens after we die?", "how many stars are there?", "what is love?", "why do we exist?",
    "who will win the next election?", "give me the lyrics of {W}.", "should I {t} the {o}?", "what is {n} divided by {n}?",
]
_DO_NOT_KNOW = ["I am a tiny model and I do not know that.", "I am sorry, I am a tiny model and I do not know that.",
                "I do not know that. I am only a tiny model.", "That is too hard for a tiny model like me. I do not know."]


def unknown(rng):
    fill = rng.choice(_UNKNOWN)
    while "{" in fill:
        fill = fill.replace("{W}", " ".join(_unknown_name(rng) for _ in range(rng.choice((1, 1, 2)))), 1)
        fill = fill.replace("{w}", invented_word(rng), 1).replace("{o}", rng.choice(_OBJECTS).replace("_", " "), 1)
        fill = fill.replace("{t}", rng.choice(_TASKS), 1).replace("{Y}", str(rng.randrange(1100, 2030)), 1)
        fill = fill.replace("{n}", str(rng.randrange(21, 3000)), 1)
    return question(rng, fill), rng.choice(_DO_NOT_KNOW)


def _unknown_name(rng):
    if rng.random() < 0.3:
        return rng.choice(["Shakespeare", "Einstein", "Napoleon", "Mozart", "Newton", "Texas", "California", "Mars", "Jupiter", "Google",
                           "Hamlet", "Titanic", "Amazon", "Python", "Linux", "Bitcoin", "Atlantis", "Everest", "Picasso", "Caesar",
                           "Cleopatra", "Siberia", "Alaska", "Microsoft", "Wikipedia", "Antarctica"])
    return invented_word(rng).capitalize()


_CONFUSED = ["I did not understand that. Can you say it in other words?", "Sorry, I do not understand. Please ask me in simple words."]


def nonsense(rng):
    roll = rng.random()
    if roll < 0.35:
        text = " ".join(invented_word(rng) for _ in range(rng.randrange(1, 6)))
    elif roll < 0.6:
        text = "".join(rng.choice("asdfghjklqwertyuiopzxcvbnm ,;.?!") for _ in range(rng.randrange(3, 25)))
    elif roll < 0.7:
        text = rng.choice(["?", "??", "!", "...", ".", "???", "#", "-", ":)", "1", "42", "a", "x", "123456"])
    elif roll < 0.8:
        text = "".join(chr(rng.choice((rng.randrange(0xC0, 0x17F), rng.randrange(0x391, 0x3C9), rng.randrange(0x410, 0x44F),
                                       rng.randrange(0x4E00, 0x4F00), 0x20))) for _ in range(rng.randrange(2, 9)))
    else:
        words = THINGS + ANIMALS + COLOURS + _OBJECTS + _TASKS
        text = " ".join(rng.choice(words).replace("_", " ") for _ in range(rng.randrange(2, 7)))
    return text.strip() or "?", rng.choice(_CONFUSED)
