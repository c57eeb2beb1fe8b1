"""The training text: an endless seeded stream of documents drawn from the generators beside this file.

A document is a list of (text, learn) pieces. Special tokens stand in the text as they are written; <learn> marks what
the model is to produce by itself. Run as a program it prints samples: python3 corpus.py [COUNT] [SEED].
"""

import random
import sys

import dialogues
import drills
import stories

BEGIN, END = "<|begin|>", "<|end|>"
SYSTEM, USER, ASSISTANT = "<|system|>", "<|user|>", "<|assistant|>"

_PERSONAS = ["You are a helpful assistant.", "You are a friendly assistant. Answer in short sentences.", "Be kind and brief.",
             "You are a tiny language model in a demo.", "You are the ActorInference demo model.", "Answer the user.", "You are an assistant.",
             "You help people with simple questions.", "Speak simple English."]
_HOUSE_RULES = ["Answer politely.", "Use short words.", "Say when you do not know something.", "Never be rude.", "Tell stories when you are asked.",
                "Keep the answers short.", "Use simple English.", "Remember what the user told you.", "Do not invent facts.", "Be honest about your size.",
                "Greet the user.", "Explain hard words.", "Stay on the topic.", "Be patient.", "Write clear sentences."]

KINDS = [  # (weight in documents, generator of the turns)
    (52, lambda rng: [dialogues.short(rng)]), (9, lambda rng: [stories.story(rng)]), (3, lambda rng: [stories.poem(rng)]),
    (6, dialogues.remembered), (1, dialogues.not_told), (5, dialogues.follow_up), (6, dialogues.chat), (0.5, dialogues.long_chat),
]


def render(turns, system=None):
    """The pieces of a conversation, exactly as the chat template writes it."""
    pieces = [(BEGIN, False)]
    if system:
        pieces.append((SYSTEM + system + END, False))
    for asked, answer in turns:
        pieces += [(USER + asked.strip() + END + ASSISTANT, False), (answer + END, True)]
    return pieces


def document(rng, drilled=0.0):
    """One document; a share <drilled> of them is extra practice."""
    if drilled and rng.random() < drilled:
        return render(dialogues.draw(rng, drills.DRILLS)(rng))
    roll = rng.random()
    if roll < 0.02:
        return [(BEGIN, False), (stories.tell(rng) + END, True)]
    if roll < 0.03:
        return [(stories.tell(rng) + END, True)]
    system = None
    if rng.random() < 0.1:
        system = rng.choice(_PERSONAS)
        if rng.random() < 0.4:
            system = " ".join([system] + rng.sample(_HOUSE_RULES, rng.randrange(1, len(_HOUSE_RULES))))
    return render(dialogues.draw(rng, KINDS)(rng), system)


def documents(seed, drilled=0.0):
    rng = random.Random(seed)
    while True:
        yield document(rng, drilled)


def text_of(pieces):
    return "".join(text for text, _ in pieces)


if __name__ == "__main__":
    stream = documents(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 20):
        print(text_of(next(stream)))
