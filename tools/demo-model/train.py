"""Trains the demo model from scratch on the generated corpus, on one processor core.

python3 train.py MODEL_DIR RUN_DIR [--minutes 45 | --steps 3000] [--from CHECKPOINT] [--drilled 0.4]
                 [--rate 0.0025] [--seed 1]

MODEL_DIR holds the tokenizer. RUN_DIR receives checkpoint.pt (weights and their running average) every few minutes.
"""

import argparse
import math
import pathlib
import random
import time

import torch
import torch.nn.functional as F

import corpus
from model import Llama, Shape
from tokenizer import Tokenizer

POOL = 1500                 # Documents sorted by length at a time: rows of one batch then need almost no padding.
ROW_TOKENS = 1280           # Tokens of one batch, padding included.
BATCHES_PER_STEP = 2
READING_WEIGHT = 0.1        # Loss on the text that the user types, against 1 on what the model answers.
KEEP_AVERAGE = 0.995


def encoded(tokenizer, pieces, limit):
    """Ids of a document and the weight of each as a target."""
    ids, weights = [], []
    for text, learn in pieces:
        part = tokenizer.encode(text)
        ids += part
        weights += [1.0 if learn else READING_WEIGHT] * len(part)
    return ids[:limit], weights[:limit]


def batches(tokenizer, seed, drilled, limit):
    """Endless (inputs, targets, weights), each [rows, tokens]; a padded place weighs 0."""
    rng, documents = random.Random(seed), corpus.documents(seed, drilled)
    while True:
        pool = sorted((encoded(tokenizer, next(documents), limit) for _ in range(POOL)), key=lambda document: len(document[0]))
        groups, group = [], []
        for document in pool:
            if group and (len(group) + 1) * len(document[0]) > ROW_TOKENS:
                groups.append(group)
                group = []
            group.append(document)
        groups.append(group)
        rng.shuffle(groups)
        for group in groups:
            yield tensors(group)


def tensors(group):
    width = max(len(ids) for ids, _ in group)
    ids, weights = torch.zeros(len(group), width, dtype=torch.long), torch.zeros(len(group), width)
    for row, (document, importance) in enumerate(group):
        ids[row, :len(document)] = torch.tensor(document)
        weights[row, :len(document)] = torch.tensor(importance)
    return ids[:, :-1], ids[:, 1:], weights[:, 1:]


def loss_of(model, inputs, targets, weights):
    """The weighted sum of the losses."""
    logits, _ = model(inputs)
    losses = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), reduction="none")
    return (losses * weights.reshape(-1)).sum()


def rate_at(progress, peak, warm=0.03):
    """Linear warm-up, then a cosine to a hundredth of the peak."""
    if progress < warm:
        return peak * (progress + 1e-3) / warm
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - warm) / (1 - warm)))))


def optimizer_of(model, peak):
    matrices = [weight for weight in model.parameters() if weight.dim() == 2]
    rest = [weight for weight in model.parameters() if weight.dim() != 2]
    return torch.optim.AdamW([{"params": matrices, "weight_decay": 0.05}, {"params": rest, "weight_decay": 0.0}], lr=peak, betas=(0.9, 0.97), eps=1e-9)


def save(path, model, average, step):
    partial = path.with_suffix(".partial")
    torch.save({"model": model.state_dict(), "average": average, "step": step}, partial)
    partial.replace(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model_dir")
    parser.add_argument("run_dir", type=pathlib.Path)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--from", dest="source")
    parser.add_argument("--drilled", type=float, default=0.0, help="share of documents that are extra practice (drills.py)")
    parser.add_argument("--rate", type=float, default=2.5e-3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if (options.minutes is None) == (options.steps is None):
        parser.error("give either --minutes or --steps")
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    options.run_dir.mkdir(parents=True, exist_ok=True)
    shape = Shape()
    model, tokenizer = Llama(shape), Tokenizer.load(options.model_dir)
    if options.source:
        model.load_state_dict(torch.load(options.source)["model"])
    print(f"{sum(weight.numel() for weight in model.parameters())} parameters", flush=True)
    run(model, batches(tokenizer, options.seed, options.drilled, shape.context + 1), options)


def run(model, stream, options):
    optimizer = optimizer_of(model, options.rate)
    average = {name: weight.clone() for name, weight in model.state_dict().items()}
    start = saved = time.time()
    step = tokens = seen = 0
    loss_sum = weight_sum = 0.0
    while True:
        progress = (time.time() - start) / (60 * options.minutes) if options.minutes else step / options.steps
        if progress >= 1.0:
            break
        for group in optimizer.param_groups:
            group["lr"] = rate_at(progress, options.rate)
        parts = [next(stream) for _ in range(BATCHES_PER_STEP)]
        weight = sum(float(weights.sum()) for _, _, weights in parts)
        for inputs, targets, weights in parts:
            loss = loss_of(model, inputs, targets, weights)
            (loss / weight).backward()
            loss_sum += float(loss)
            tokens += int((weights > 0).sum())
        weight_sum += weight
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        for name, value in model.state_dict().items():
            average[name].lerp_(value, 1 - min(KEEP_AVERAGE, step / (step + 10)))
        step += 1
        if step % 25 == 0:
            print(f"step {step} progress {progress:.3f} loss {loss_sum / weight_sum:.4f} tokens {tokens} per second {tokens / (time.time() - start):.0f}", flush=True)
            loss_sum = weight_sum = 0.0
        if time.time() - saved > 150:
            save(options.run_dir / "checkpoint.pt", model, average, step)
            saved = time.time()
    save(options.run_dir / "checkpoint.pt", model, average, step)
    print(f"done after {step} steps, {tokens} tokens and {time.time() - start:.0f} seconds", flush=True)


if __name__ == "__main__":
    main()
