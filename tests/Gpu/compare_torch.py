#!/usr/bin/env python3
"""Prefill and decode of a model by PyTorch, to compare 'actorinference bench cuda' with.

    compare_torch.py MODEL OUT.json [BATCHxPROMPT...]

MODEL is a folder that 'actorinference model random' wrote. It is run by transformers in BF16 with SDPA, greedily, as its generate() does it.
Needs torch with CUDA, and transformers. All figures are medians, after a first time that is not counted.
"""
import json
import statistics
import sys
import time

import torch
import transformers

OUTPUT_TOKENS = 64
ROUNDS = 3


def load(folder):
    options = {"attn_implementation": "sdpa", "local_files_only": True}
    try:
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, **options)
    except TypeError:  # Before transformers 4.56 it has another name.
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, torch_dtype=torch.bfloat16, **options)
    model = model.to("cuda").eval()
    # Every generation is as long as asked for.
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = 0
    return model


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


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    folder, out = sys.argv[1:3]
    cases = [tuple(map(int, case.split("x"))) for case in sys.argv[3:]] or [(1, 1024), (8, 1024), (1, 8128)]
    model = load(folder)
    results = {"torch": torch.__version__, "transformers": transformers.__version__, "device": torch.cuda.get_device_name(), "cases": []}
    for batch, prompt in cases:
        if prompt + OUTPUT_TOKENS > model.config.max_position_embeddings:
            print(f"{batch}x{prompt} is beyond the model's context", flush=True)
            continue
        case = measure(model, batch, prompt)
        results["cases"].append(case)
        print(case, flush=True)
    with open(out, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=2)


main()
