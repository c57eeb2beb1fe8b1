"""Asks the shipped model, measures it, and writes the reference that other implementations are compared with.

python3 evaluate.py ask MODEL_DIR [TEXT...]           answers TEXT, or the standard questions, greedily and sampled
python3 evaluate.py perplexity MODEL_DIR heldout.txt  perplexity of each document's tokens after its first
python3 evaluate.py facts MODEL_DIR                   share of right answers to capitals, sums, opposites and terms
python3 evaluate.py reference MODEL_DIR               writes MODEL_DIR/reference.json
"""

import json
import math
import pathlib
import random
import sys

import torch
import torch.nn.functional as F

import corpus
import facts
import glossary
from tokenizer import Tokenizer
from weights import load

QUESTIONS = [
    "Hello!", "Hi", "hey there", "Good morning", "Who are you?", "What is your name?", "What can you do?", "How are you?", "Thank you!", "Goodbye",
    "Tell me a story about a cat.", "Tell me a story about a brave robot.", "write a story about a fox and a hen", "Tell me a story.",
    "What is the capital of France?", "capital of japan", "What is the capital of Narnia?", "What is 3 plus 4?", "7+8", "What is twelve minus five?",
    "What is 345 plus 128?", "What is prefill?", "What is decode?", "What is a KV cache?", "what is an actor", "Explain what a router does.",
    "What is the difference between prefill and decode?", "What is the opposite of hot?", "What colour is the sky?", "Which month comes after March?",
    "Count from 1 to 10.", "Write a poem about the moon.", "I am sad.", "How can I sleep better?", "Who won the world cup in 1998?",
    "How do I fix my bicycle?", "What is the meaning of life?", "asdf qwerty zxcv", "Blorp fizz?", "My name is Zandor.", "Tell me a joke.",
    "Name three fruits.", "What does a cow say?", "Which is bigger, an ant or a horse?", "Why is the sky blue?", "What's ActorInference?",
]
CONVERSATIONS = [
    ["Hi, my name is Maria.", "What is the capital of Italy?", "And of Spain?", "What is my name?"],
    ["My favourite animal is the otter.", "Tell me a story about a bear.", "What is my favourite animal?"],
    ["What is 2 plus 3?", "plus 4?", "Thanks!"], ["What is my name?"],
]
REFERENCE = [(["Hello!"], None), (["What is prefill?"], None), (["Tell me a story about a cat."], None),
             (["Hi, my name is Maria.", "What is my name?"], "You are a helpful assistant.")]
REFERENCE_LIMIT = 60


def prompt_of(asked, answers=(), system=None):
    """What the chat template renders, ready for the model's next answer."""
    text = corpus.BEGIN + (corpus.SYSTEM + system + corpus.END if system else "")
    for i, question in enumerate(asked):
        text += corpus.USER + question + corpus.END + corpus.ASSISTANT
        text += answers[i] + corpus.END if i < len(answers) else ""
    return text


class Judge:
    def __init__(self, folder):
        self.model, self.tokenizer = load(folder), Tokenizer.load(folder)
        self.end = self.tokenizer.special[corpus.END]

    def answer(self, prompt, temperature=0.0, seed=0, limit=200):
        made = self.model.generate(self.tokenizer.encode(prompt), self.end, limit, temperature, 0.9, torch.Generator().manual_seed(seed))
        return self.tokenizer.decode(made, keep_special=False) + ("" if made[-1:] == [self.end] else " [cut]")


def ask(folder, texts):
    judge = Judge(folder)
    for text in texts or QUESTIONS:
        print(f"> {text}\n  {judge.answer(prompt_of([text]))}\n  ~ {judge.answer(prompt_of([text]), 0.7, 7)}")
    for asked in [] if texts else CONVERSATIONS:
        answers = []
        for i, question in enumerate(asked):
            answers.append(judge.answer(prompt_of(asked[:i + 1], answers)))
            print(f"{'> ' if i == 0 else '| '}{question}\n  {answers[-1]}")
    for text in [] if texts else ["Once upon a time", ""]:
        print(f"raw> {text}{judge.answer(corpus.BEGIN + text)}")


def perplexity(folder, path):
    judge, total, count = Judge(folder), 0.0, 0
    for text in pathlib.Path(path).read_text(encoding="utf-8").strip().split("\n\n"):
        ids = torch.tensor([judge.tokenizer.encode(text)])
        with torch.no_grad():
            logits, _ = judge.model(ids[:, :-1])
        total += float(F.cross_entropy(logits[0], ids[0, 1:], reduction="sum"))
        count += ids.shape[1] - 1
    print(f"{count} tokens, perplexity {math.exp(total / count):.4f}")


def right(folder):
    judge, rng = Judge(folder), random.Random(99)
    sums = [(a, b) for a in range(21) for b in range(21 - a)]
    tests = {
        "capitals": [(f"What is the capital of {facts.country(name)}?", [f"The capital of {facts.country(name)} is {city}."]) for name, city in facts.CAPITALS.items()],
        "sums": [(f"What is {a} plus {b}?", [f"{a} plus {b} is {a + b}."]) for a, b in rng.sample(sums, 60)],
        "differences": [(f"What is {a + b} minus {b}?", [f"{a + b} minus {b} is {a}."]) for a, b in rng.sample(sums, 40)],
        "terms": [(f"What is {name}?", answers) for names, answers in glossary.TERMS.items() for name in names.split("|")],
    }
    for kind, cases in tests.items():
        wrong = [(asked, answer) for asked, answers in cases if (answer := judge.answer(prompt_of([asked]))) not in answers]
        print(f"{kind}: {len(cases) - len(wrong)} of {len(cases)}", *wrong[:8], sep="\n   ")


def reference(folder):
    judge, cases = Judge(folder), []
    for asked, system in REFERENCE:
        answers = []
        for i in range(len(asked) - 1):
            answers.append(judge.answer(prompt_of(asked[:i + 1], answers, system)))
        cases.append(_case(judge, prompt_of(asked, answers, system)))
    note = ("Greedy continuations, up to and including <|end|>, and last-prompt-position logits, computed in float32 by tools/demo-model from the BF16 weights. "
            "Prompts are rendered by the chat template; encoding them adds no further token. text is prompt and continuation decoded without special "
            "tokens, completion the continuation alone. least_margin is the smallest lead of a greedy token's logit over the second.")
    path = pathlib.Path(folder) / "reference.json"
    path.write_text(json.dumps({"model": "demo", "note": note, "cases": cases}) + "\n", encoding="utf-8")


def _case(judge, prompt):
    ids = judge.tokenizer.encode(prompt)
    made = judge.model.generate(ids, judge.end, REFERENCE_LIMIT)
    with torch.no_grad():
        logits = judge.model(torch.tensor([ids + made[:-1]]))[0][0]
    best = logits[len(ids) - 1:].topk(2).values
    return {"prompt": prompt, "prompt_ids": ids, "greedy_ids": made, "text": judge.tokenizer.decode(ids + made, keep_special=False),
            "completion": judge.tokenizer.decode(made, keep_special=False), "least_margin": round(float((best[:, 0] - best[:, 1]).min()), 4),
            "logits_after_prompt": [round(value, 5) for value in logits[len(ids) - 1].tolist()]}


def main(arguments):
    torch.set_num_threads(1)
    command, folder, *rest = arguments
    {"ask": lambda: ask(folder, rest), "perplexity": lambda: perplexity(folder, rest[0]), "facts": lambda: right(folder),
     "reference": lambda: reference(folder)}[command]()


if __name__ == "__main__":
    main(sys.argv[1:])
