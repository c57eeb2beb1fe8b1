#!/usr/bin/env python3
"""Prefill and decode of a model by PyTorch, to compare 'actorinference bench cuda' with.

    compare_torch.py MODEL OUT.json [--beside OURS.json] [BATCHxPROMPT...]

MODEL is a folder that 'actorinference model random' wrote. It is run by transformers in BF16 with SDPA, greedily, as its generate() does it.
OURS.json is what 'bench cuda --out' wrote for the same model: how many times as fast that is, is printed.
Needs torch with CUDA, and transformers. All figures are medians, after a first time that is not counted.
"""
import argparse
import json
import statistics
import sys
import time

import torch
import transformers

OUTPUT_TOKENS = 64
ROUNDS = 3


DECODE_GOAL = 3
PREFILL_GOAL = 1


def load(folder):
    options = {"attn_implementation": "sdpa", "local_files_only": True}
    # Before transformers 4.56 the type has another name; without accelerate weights go to the device by way of the host's memory.
    for type_name in "dtype", "torch_dtype":
        for place in {"device_map": "cuda"}, {}:
            try:
                model = transformers.AutoModelForCausalLM.from_pretrained(folder, **options, **place, **{type_name: torch.bfloat16})
            except (TypeError, ValueError, ImportError) as refused:
                print(f"{type_name}, {place or 'by way of the host'}: {refused}", file=sys.stderr)
                continue
            model = model.to("cuda").eval()
            # Every generation is as long as asked for.
            model.generation_config.eos_token_id = None
            model.generation_config.pad_token_id = 0
            return model
    sys.exit("transformers does not load the model")


def seconds(action):
    torch.cuda.synchronize()
    start = time.perf_counter()
    action()
    torch.cuda.synchronize()
    return time.perf_counter() - start


def generate(model, ids, tokens):
    with torch.inference_mode():
        model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, min_new_tokens=tokens, max_new_tokens=tokens, use_cache=True)


def measure(model, batch, prompt):
    vocabulary = model.config.vocab_size
    ids = torch.randint(vocabulary, (batch, prompt), generator=torch.Generator().manual_seed(1)).to("cuda")
    generate(model, ids, 4)
    first = [seconds(lambda: generate(model, ids, 1)) for _ in range(ROUNDS)]
    whole = [seconds(lambda: generate(model, ids, 1 + OUTPUT_TOKENS)) for _ in range(ROUNDS)]
    prefill, decode = statistics.median(first), statistics.median(whole) - statistics.median(first)
    return {
        "batch": batch,
        "prompt_tokens": prompt,
        "prefill_tok_per_s": batch * prompt / prefill,
        "decode_tok_per_s": batch * OUTPUT_TOKENS / decode,
    }


def write(results, file):
    with open(file, "w", encoding="utf-8") as out:
        json.dump(results, out, indent=2)


def compare(case, ours):
    """Prints how many times as fast ours is."""
    for other in ours["cases"]:
        if (other["batch"], other["prompt_tokens"]) != (case["batch"], case["prompt_tokens"]):
            continue
        goals = {"decode": DECODE_GOAL if case["batch"] == 1 else None, "prefill": PREFILL_GOAL}
        for what, goal in goals.items():
            times = other[f"{what}_tok_per_s"] / case[f"{what}_tok_per_s"]
            verdict = "" if goal is None else f"  goal >= {goal}  {'reached' if times >= goal else 'missed'}"
            print(f"batch {case['batch']}, prompt {case['prompt_tokens']}: times PyTorch, {what}  {times:.3g}{verdict}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("out")
    parser.add_argument("--beside")
    parser.add_argument("cases", nargs="*", default=["1x1024", "8x1024", "1x8128"])
    wanted = parser.parse_args()
    ours = {"cases": []}
    if wanted.beside:
        with open(wanted.beside, encoding="utf-8") as file:
            ours = json.load(file)
    model = load(wanted.model)
    results = {"torch": torch.__version__, "transformers": transformers.__version__, "device": torch.cuda.get_device_name(), "cases": []}
    for batch, prompt in (tuple(map(int, case.split("x"))) for case in wanted.cases):
        if prompt + OUTPUT_TOKENS > model.config.max_position_embeddings:
            print(f"{batch}x{prompt} is beyond the model's context", flush=True)
            continue
        case = measure(model, batch, prompt)
        results["cases"].append(case)
        print(case, flush=True)
        compare(case, ours)
        write(results, wanted.out)


main()
