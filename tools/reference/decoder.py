"""A decoder-only transformer in plain PyTorch, in float64, to check the engine's numbers against.

Written from the papers, not from any implementation: RMSNorm (Zhang and Sennrich, 2019), rotary embedding
(Su et al., 2021) in the half-split layout of published weights, grouped-query attention (Ainslie et al., 2023),
SwiGLU (Shazeer, 2020); Qwen2's biases, Qwen3's per-head norms, Llama 3.1's stretched wavelengths; sliding windows
(Mistral, Jiang et al., 2023), Gemma 2's norms before and after, caps and alternating windows (Gemma Team, 2024), Gemma 3's two
rotations (2025), Phi-3's joined projections, and experts chosen by a router (Shazeer et al., 2017; Mixtral, Jiang et al., 2024).
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


def is_gemma(config):
    return config["model_type"] in ("gemma2", "gemma3_text")


def norm(x, weights, name, config):
    """Gemma's weights are what they differ from 1 by."""
    return rms_norm(x, weights[name] + (1 if is_gemma(config) else 0), config["rms_norm_eps"])


def window_of(config, layer):
    """Tokens, with itself, that a token of the layer sees; None for all before it."""
    window = config.get("sliding_window")
    every = {"gemma2": 2, "gemma3_text": config.get("sliding_window_pattern", 6)}.get(config["model_type"])
    return None if window is None or (every and (layer + 1) % every == 0) else window


def capped(x, cap):
    return x if not cap else cap * torch.tanh(x / cap)


def attention(x, weights, config, layer):
    prefix = f"model.layers.{layer}.self_attn."
    tokens, dim = x.shape[0], config["head_dim"]
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    if prefix + "qkv_proj.weight" in weights:
        query, key, value = linear(x, weights, prefix + "qkv_proj").split([heads * dim, kv_heads * dim, kv_heads * dim], dim=-1)
    else:
        query, key, value = (linear(x, weights, prefix + name) for name in ("q_proj", "k_proj", "v_proj"))
    query, key, value = query.view(tokens, heads, dim), key.view(tokens, kv_heads, dim), value.view(tokens, kv_heads, dim)
    if prefix + "q_norm.weight" in weights:
        query = norm(query, weights, prefix + "q_norm.weight", config)
        key = norm(key, weights, prefix + "k_norm.weight", config)
    window = window_of(config, layer)
    if window is not None and config["model_type"] == "gemma3_text":
        frequencies = inverse_frequencies({"head_dim": dim, "rope_theta": config["rope_local_base_freq"]})
    else:
        frequencies = inverse_frequencies(config)
    angles = torch.arange(tokens, dtype=torch.float64)[:, None] * frequencies
    query, key = rotate(query, angles), rotate(key, angles)
    key = key.repeat_interleave(heads // kv_heads, dim=1)
    value = value.repeat_interleave(heads // kv_heads, dim=1)
    scores = torch.einsum("qhd,khd->hqk", query, key) / math.sqrt(config.get("query_pre_attn_scalar", dim))
    scores = capped(scores, config.get("attn_logit_softcapping"))
    hidden = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
    if window is not None:
        hidden |= torch.ones(tokens, tokens, dtype=torch.bool).tril(-window)
    mixed = torch.einsum("hqk,khd->qhd", scores.masked_fill(hidden, -math.inf).softmax(-1), value)
    return linear(mixed.reshape(tokens, heads * dim), weights, prefix + "o_proj")


def gated(x, gate, up, down, config):
    gate = x @ gate.T
    if is_gemma(config):
        gate = 0.5 * gate * (1 + torch.tanh(math.sqrt(2 / math.pi) * (gate + 0.044715 * gate ** 3)))
    else:
        gate = gate * torch.sigmoid(gate)
    return (gate * (x @ up.T)) @ down.T


def experts(x, weights, config, layer):
    """Every token by the experts that the router likes best, weighted by their shares."""
    prefix, names = f"model.layers.{layer}.mlp.", ("gate_proj", "up_proj", "down_proj")
    if config["model_type"] == "mixtral":
        prefix, names = f"model.layers.{layer}.block_sparse_moe.", ("w1", "w3", "w2")
    shares, chosen = (x @ weights[prefix + "gate.weight"].T).softmax(-1).topk(config["num_experts_per_tok"], dim=-1)
    if config["model_type"] == "mixtral" or config.get("norm_topk_prob"):
        shares = shares / shares.sum(-1, keepdim=True)
    y = torch.zeros_like(x)
    for token in range(x.shape[0]):
        for share, expert in zip(shares[token], chosen[token].tolist()):
            parts = [weights[f"{prefix}experts.{expert}.{name}.weight"] for name in names]
            y[token] += share * gated(x[token], *parts, config)
    return y


def feed_forward(x, weights, config, layer):
    prefix = f"model.layers.{layer}.mlp."
    if config["model_type"] in ("mixtral", "qwen3_moe"):
        return experts(x, weights, config, layer)
    if prefix + "gate_up_proj.weight" in weights:
        gate, up = weights[prefix + "gate_up_proj.weight"].chunk(2)
        return gated(x, gate, up, weights[prefix + "down_proj.weight"], config)
    if is_gemma(config):
        return gated(x, *(weights[f"{prefix}{name}_proj.weight"] for name in ("gate", "up", "down")), config)
    gate, up = linear(x, weights, prefix + "gate_proj"), linear(x, weights, prefix + "up_proj")
    return linear(gate * torch.sigmoid(gate) * up, weights, prefix + "down_proj")


def forward(ids, weights, config):
    """Logits after each token, shape [tokens, vocab], float64."""
    weights = {name: tensor.double() for name, tensor in weights.items()}
    x = weights["model.embed_tokens.weight"][torch.tensor(ids)]
    if is_gemma(config):
        x = x * math.sqrt(config["hidden_size"])
    for layer in range(config["num_hidden_layers"]):
        prefix = f"model.layers.{layer}."
        mixed = attention(norm(x, weights, prefix + "input_layernorm.weight", config), weights, config, layer)
        if is_gemma(config):
            x = x + norm(mixed, weights, prefix + "post_attention_layernorm.weight", config)
            fed = feed_forward(norm(x, weights, prefix + "pre_feedforward_layernorm.weight", config), weights, config, layer)
            x = x + norm(fed, weights, prefix + "post_feedforward_layernorm.weight", config)
        else:
            x = x + mixed
            x = x + feed_forward(norm(x, weights, prefix + "post_attention_layernorm.weight", config), weights, config, layer)
    x = norm(x, weights, "model.norm.weight", config)
    head = "model.embed_tokens.weight" if config["tie_word_embeddings"] else "lm_head.weight"
    return capped(x @ weights[head].T, config.get("final_logit_softcapping"))
