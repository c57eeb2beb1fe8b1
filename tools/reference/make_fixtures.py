"""Writes tests/Gpu/Fixtures: tiny models with random weights, and the logits that decoder.py computes for them.

    python3 tools/reference/make_fixtures.py

Needs PyTorch (1.13 or later). The same version gives the same bytes.
"""
import json
import math
import pathlib

import torch

import decoder
import safetensors_io

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "tests" / "Gpu" / "Fixtures"
TOKENS = 90
CHECKED = [0, 1, 16, 63, 64, 89]

# Sizes that are no multiples of vector widths, on purpose.
MODELS = {
    "qwen2": dict(
        architectures=["Qwen2ForCausalLM"], model_type="qwen2", hidden_size=60, intermediate_size=148, num_hidden_layers=2,
        num_attention_heads=6, num_key_value_heads=2, vocab_size=259, max_position_embeddings=128, rms_norm_eps=1e-6,
        rope_theta=1000000.0, tie_word_embeddings=False, torch_dtype="float32", hidden_act="silu"),
    "qwen3": dict(
        architectures=["Qwen3ForCausalLM"], model_type="qwen3", hidden_size=72, intermediate_size=136, num_hidden_layers=3, head_dim=40,
        num_attention_heads=4, num_key_value_heads=1, vocab_size=300, max_position_embeddings=128, rms_norm_eps=1e-6,
        rope_theta=1000000.0, tie_word_embeddings=True, torch_dtype="bfloat16", hidden_act="silu"),
    "llama3": dict(
        architectures=["LlamaForCausalLM"], model_type="llama", hidden_size=64, intermediate_size=100, num_hidden_layers=2, head_dim=24,
        num_attention_heads=5, num_key_value_heads=5, vocab_size=257, max_position_embeddings=128, rms_norm_eps=1e-5,
        rope_theta=10000.0, tie_word_embeddings=False, torch_dtype="float16", hidden_act="silu", attention_bias=True, mlp_bias=True,
        rope_scaling=dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)),
    "linear": dict(
        architectures=["LlamaForCausalLM"], model_type="llama", hidden_size=32, intermediate_size=48, num_hidden_layers=1,
        num_attention_heads=4, num_key_value_heads=2, vocab_size=261, max_position_embeddings=128, rms_norm_eps=1e-5,
        rope_theta=10000.0, tie_word_embeddings=True, torch_dtype="float32", hidden_act="silu",
        rope_scaling=dict(rope_type="linear", factor=2.0)),
}


def random_weights(config, dtype, generator):
    def normal(*shape, mean=0.0, deviation):
        return (mean + deviation * torch.randn(*shape, generator=generator)).to(dtype)

    weights = {}
    hidden, ffn, dim = config["hidden_size"], config["intermediate_size"], config["head_dim"]
    query, kv = dim * config["num_attention_heads"], dim * config["num_key_value_heads"]
    qwen2 = config["model_type"] == "qwen2"

    def projection(name, outputs, inputs, bias):
        weights[name + ".weight"] = normal(outputs, inputs, deviation=2 / math.sqrt(inputs))
        if bias:
            weights[name + ".bias"] = normal(outputs, deviation=0.5)

    weights["model.embed_tokens.weight"] = normal(config["vocab_size"], hidden, deviation=0.5)
    for layer in range(config["num_hidden_layers"]):
        prefix = f"model.layers.{layer}."
        attention_bias, mlp_bias = config.get("attention_bias", False), config.get("mlp_bias", False)
        weights[prefix + "input_layernorm.weight"] = normal(hidden, mean=1.0, deviation=0.2)
        for name, outputs in (("q", query), ("k", kv), ("v", kv)):
            projection(f"{prefix}self_attn.{name}_proj", outputs, hidden, qwen2 or attention_bias)
        projection(prefix + "self_attn.o_proj", hidden, query, attention_bias)
        if config["model_type"] == "qwen3":
            weights[prefix + "self_attn.q_norm.weight"] = normal(dim, mean=1.0, deviation=0.2)
            weights[prefix + "self_attn.k_norm.weight"] = normal(dim, mean=1.0, deviation=0.2)
        weights[prefix + "post_attention_layernorm.weight"] = normal(hidden, mean=1.0, deviation=0.2)
        projection(prefix + "mlp.gate_proj", ffn, hidden, mlp_bias)
        projection(prefix + "mlp.up_proj", ffn, hidden, mlp_bias)
        projection(prefix + "mlp.down_proj", hidden, ffn, mlp_bias)
    weights["model.norm.weight"] = normal(hidden, mean=1.0, deviation=0.2)
    if not config["tie_word_embeddings"]:
        weights["lm_head.weight"] = normal(config["vocab_size"], hidden, deviation=0.2)
    return weights


def write_sharded(folder, weights):
    names = list(weights)
    shards = [names[: len(names) // 2], names[len(names) // 2 :]]
    weight_map = {}
    for index, shard in enumerate(shards):
        file = f"model-{index + 1:05}-of-{len(shards):05}.safetensors"
        safetensors_io.write(folder / file, {name: weights[name] for name in shard})
        weight_map |= {name: file for name in shard}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}, indent=1) + "\n")


def main():
    for index, (name, config) in enumerate(MODELS.items()):
        folder = FIXTURES / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
        config = {"head_dim": config["hidden_size"] // config["num_attention_heads"], **config}
        generator = torch.Generator().manual_seed(index)
        weights = random_weights(config, getattr(torch, config["torch_dtype"]), generator)
        if name == "llama3":
            write_sharded(folder, weights)
        else:
            safetensors_io.write(folder / "model.safetensors", weights)
        ids = torch.randint(0, config["vocab_size"], (TOKENS,), generator=generator).tolist()
        logits = decoder.forward(ids, weights, config)
        expected = {str(position): [round(x, 6) for x in logits[position].tolist()] for position in CHECKED}
        (folder / "expected.json").write_text(json.dumps({"ids": ids, "logits": expected}) + "\n")
        print(name, "largest logit", float(logits.abs().max()))


if __name__ == "__main__":
    main()
