"""Writes heldout.txt: documents that do not occur in the training text. Blank lines separate them.

python3 heldout.py heldout.txt
"""

import itertools
import pathlib
import sys

import corpus

TRAINED = {(1, 0.0): 250_000, (2, 0.4): 250_000}      # Documents of each seed and share of drills; more than training saw.
SEED, BYTES = 1_000_003, 20_000


def write(path):
    seen = {corpus.text_of(pieces) for stage, count in TRAINED.items() for pieces in itertools.islice(corpus.documents(*stage), count)}
    kept, size = [], 0
    for pieces in corpus.documents(SEED):
        text = corpus.text_of(pieces)
        if text in seen or "\n\n" in text or len(text) > 3000:
            continue
        kept.append(text)
        size += len(text) + 2
        if size > BYTES:
            break
    path.write_text("\n\n".join(kept) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]))
