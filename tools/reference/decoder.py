"""A decoder-only transformer in plain PyTorch, in float64, to check the engine's numbers against.

Written from the papers, not from any implementation: RMSNorm (Zhang and Sennrich, 2019), rotary embedding
(Su et al., 2021) in the half-split layout of published weights, grouped-query attention (Ainslie et al., 2023),
SwiGLU (Shazeer, 2020); Qwen2's biases, Qwen3's per-head norms, Llama 3.1's stretched wavelengths.
"""
import math

import torch


def inverse_frequencies(config):
    """Radians per position of each pair, shape [head_dim / 2]."""
    dim = config["head_dim"]
    frequencies = config["rope_theta"] ** (-torch.arange(0, dim, 2, dtype=torch.float64) / dim)
    scaling = config.get("rope_scaling")
    if scaling is None:
        return frequencies
    if scaling["rope_type"] == "linear":
        return frequencies / scaling["factor"]
    original = scaling["original_max_position_embeddings"]
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    # How many turns a pair makes within the original context: few turns are slowed down, many are kept.
    turns = original * frequencies / (2 * math.pi)
    kept = ((turns - low) / (high - low)).clamp(0, 1)
    return kept * frequencies + (1 - kept) * frequencies / scaling["factor"]


def rms_norm(x, weight, eps):
    return x / torch.sqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight


def rotate(x, angles):
    """x: [tokens, heads, head_dim]; angles: [tokens, head_dim / 2]."""
    first, second = x.chunk(2, dim=-1)
    cos, sin = angles.cos()[:, None], angles.sin()[:, None]
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


def linear(x, weights, name):
    y = x @ weights[name + ".weight"].T
    return y + weights[name + ".bias"] if name + ".bias" in weights else y


def attention(x, weights, config, layer, angles):
    prefix = f"model.layers.{layer}.self_attn."
    tokens, dim = x.shape[0], config["head_dim"]
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    query = linear(x, weights, prefix + "q_proj").view(tokens, heads, dim)
    key = linear(x, weights, prefix + "k_proj").view(tokens, kv_heads, dim)
    value = linear(x, weights, prefix + "v_proj").view(tokens, kv_heads, dim)
    if prefix + "q_norm.weight" in weights:
        query = rms_norm(query, weights[prefix + "q_norm.weight"], config["rms_norm_eps"])
        key = rms_norm(key, weights[prefix + "k_norm.weight"], config["rms_norm_eps"])
    query, key = rotate(query, angles), rotate(key, angles)
    key = key.repeat_interleave(heads // kv_heads, dim=1)
    value = value.repeat_interleave(heads // kv_heads, dim=1)
    scores = torch.einsum("qhd,khd->hqk", query, key) / math.sqrt(dim)
    future = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
    mixed = torch.einsum("hqk,khd->qhd", scores.masked_fill(future, -math.inf).softmax(-1), value)
    return linear(mixed.reshape(tokens, heads * dim), weights, prefix + "o_proj")


def feed_forward(x, weights, layer):
    prefix = f"model.layers.{layer}.mlp."
    gate, up = linear(x, weights, prefix + "gate_proj"), linear(x, weights, prefix + "up_proj")
    return linear(gate * torch.sigmoid(gate) * up, weights, prefix + "down_proj")


def forward(ids, weights, config):
    """Logits after each token, shape [tokens, vocab], float64."""
    weights = {name: tensor.double() for name, tensor in weights.items()}
    angles = torch.arange(len(ids), dtype=torch.float64)[:, None] * inverse_frequencies(config)
    eps = config["rms_norm_eps"]
    x = weights["model.embed_tokens.weight"][torch.tensor(ids)]
    for layer in range(config["num_hidden_layers"]):
        prefix = f"model.layers.{layer}."
        x = x + attention(rms_norm(x, weights[prefix + "input_layernorm.weight"], eps), weights, config, layer, angles)
        x = x + feed_forward(rms_norm(x, weights[prefix + "post_attention_layernorm.weight"], eps), weights, layer)
    x = rms_norm(x, weights["model.norm.weight"], eps)
    head = "model.embed_tokens.weight" if config["tie_word_embeddings"] else "lm_head.weight"
    return x @ weights[head].T
