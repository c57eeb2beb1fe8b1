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
    "mistral": dict(
        architectures=["MistralForCausalLM"], model_type="mistral", hidden_size=48, intermediate_size=70, num_hidden_layers=2, head_dim=20,
        num_attention_heads=4, num_key_value_heads=2, vocab_size=257, max_position_embeddings=128, rms_norm_eps=1e-5, sliding_window=21,
        rope_theta=10000.0, tie_word_embeddings=False, torch_dtype="bfloat16", hidden_act="silu"),
    "phi3": dict(
        architectures=["Phi3ForCausalLM"], model_type="phi3", hidden_size=48, intermediate_size=54, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, vocab_size=257, max_position_embeddings=128, rms_norm_eps=1e-5, sliding_window=70,
        rope_theta=10000.0, rope_scaling=None, tie_word_embeddings=False, torch_dtype="bfloat16", hidden_act="silu"),
    "gemma2": dict(
        architectures=["Gemma2ForCausalLM"], model_type="gemma2", hidden_size=48, intermediate_size=70, num_hidden_layers=3, head_dim=24,
        num_attention_heads=4, num_key_value_heads=2, vocab_size=257, max_position_embeddings=128, rms_norm_eps=1e-6, sliding_window=17,
        attn_logit_softcapping=5.0, final_logit_softcapping=12.0, query_pre_attn_scalar=30, rope_theta=10000.0, tie_word_embeddings=True,
        torch_dtype="bfloat16", hidden_act="gelu_pytorch_tanh", hidden_activation="gelu_pytorch_tanh"),
    "gemma3": dict(
        architectures=["Gemma3ForCausalLM"], model_type="gemma3_text", hidden_size=48, intermediate_size=70, num_hidden_layers=4, head_dim=24,
        num_attention_heads=4, num_key_value_heads=1, vocab_size=257, max_position_embeddings=128, rms_norm_eps=1e-6, sliding_window=19,
        sliding_window_pattern=3, query_pre_attn_scalar=24, rope_theta=1000000.0, rope_local_base_freq=10000.0, tie_word_embeddings=True,
        torch_dtype="bfloat16", hidden_activation="gelu_pytorch_tanh",
        layer_types=["sliding_attention", "sliding_attention", "full_attention", "sliding_attention"]),
    "mixtral": dict(
        architectures=["MixtralForCausalLM"], model_type="mixtral", hidden_size=48, intermediate_size=38, num_hidden_layers=2, head_dim=24,
        num_attention_heads=4, num_key_value_heads=2, vocab_size=257, max_position_embeddings=128, rms_norm_eps=1e-5, sliding_window=None,
        num_local_experts=5, num_experts_per_tok=2, rope_theta=1000000.0, tie_word_embeddings=False, torch_dtype="bfloat16", hidden_act="silu"),
    "qwen3moe": dict(
        architectures=["Qwen3MoeForCausalLM"], model_type="qwen3_moe", hidden_size=48, intermediate_size=100, moe_intermediate_size=22,
        num_hidden_layers=2, head_dim=24, num_attention_heads=4, num_key_value_heads=2, vocab_size=257, max_position_embeddings=128,
        rms_norm_eps=1e-6, num_experts=9, num_experts_per_tok=3, norm_topk_prob=True, decoder_sparse_step=1, mlp_only_layers=[],
        rope_theta=1000000.0, tie_word_embeddings=False, torch_dtype="bfloat16", hidden_act="silu"),
}


def random_weights(config, dtype, generator):
    def normal(*shape, mean=0.0, deviation):
        return (mean + deviation * torch.randn(*shape, generator=generator)).to(dtype)

    weights = {}
    hidden, ffn, dim = config["hidden_size"], config["intermediate_size"], config["head_dim"]
    query, kv = dim * config["num_attention_heads"], dim * config["num_key_value_heads"]
    qwen2 = config["model_type"] == "qwen2"
    gemma = decoder.is_gemma(config)

    def projection(name, outputs, inputs, bias):
        weights[name + ".weight"] = normal(outputs, inputs, deviation=2 / math.sqrt(inputs))
        if bias:
            weights[name + ".bias"] = normal(outputs, deviation=0.5)

    def norm(name, length):
        # Gemma's are what they differ from 1 by.
        weights[name + ".weight"] = normal(length, mean=0.0 if gemma else 1.0, deviation=0.2)

    def feed_forward(names, inner, bias=False):
        for name, outputs, inputs in zip(names, (inner, inner, hidden), (hidden, hidden, inner)):
            projection(name, outputs, inputs, bias)

    weights["model.embed_tokens.weight"] = normal(config["vocab_size"], hidden, deviation=0.5)
    for layer in range(config["num_hidden_layers"]):
        prefix = f"model.layers.{layer}."
        attention_bias, mlp_bias = config.get("attention_bias", False), config.get("mlp_bias", False)
        norm(prefix + "input_layernorm", hidden)
        if config["model_type"] == "phi3":
            projection(prefix + "self_attn.qkv_proj", query + 2 * kv, hidden, False)
        else:
            for name, outputs in (("q", query), ("k", kv), ("v", kv)):
                projection(f"{prefix}self_attn.{name}_proj", outputs, hidden, qwen2 or attention_bias)
        projection(prefix + "self_attn.o_proj", hidden, query, attention_bias)
        if config["model_type"] in ("qwen3", "qwen3_moe", "gemma3_text"):
            norm(prefix + "self_attn.q_norm", dim)
            norm(prefix + "self_attn.k_norm", dim)
        norm(prefix + "post_attention_layernorm", hidden)
        if gemma:
            norm(prefix + "pre_feedforward_layernorm", hidden)
            norm(prefix + "post_feedforward_layernorm", hidden)
        if config["model_type"] == "phi3":
            projection(prefix + "mlp.gate_up_proj", 2 * ffn, hidden, False)
            projection(prefix + "mlp.down_proj", hidden, ffn, False)
        elif config["model_type"] == "mixtral":
            projection(prefix + "block_sparse_moe.gate", config["num_local_experts"], hidden, False)
            for expert in range(config["num_local_experts"]):
                feed_forward([f"{prefix}block_sparse_moe.experts.{expert}.{name}" for name in ("w1", "w3", "w2")], ffn)
        elif config["model_type"] == "qwen3_moe":
            projection(prefix + "mlp.gate", config["num_experts"], hidden, False)
            for expert in range(config["num_experts"]):
                feed_forward([f"{prefix}mlp.experts.{expert}.{name}_proj" for name in ("gate", "up", "down")], config["moe_intermediate_size"])
        else:
            feed_forward([f"{prefix}mlp.{name}_proj" for name in ("gate", "up", "down")], ffn, mlp_bias)
    norm("model.norm", hidden)
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
