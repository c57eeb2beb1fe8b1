"""The Llama architecture in plain torch, weight for weight as Hugging Face's LlamaForCausalLM computes it.

The query, key and value projections, and the gate and up projections, are one matrix each here, which is faster to
train; `to_hugging_face` and `from_hugging_face` split and join them.
"""

import dataclasses
import math

import torch
import torch.nn.functional as F


@dataclasses.dataclass(frozen=True)
class Shape:
    vocab: int = 2048
    hidden: int = 192
    layers: int = 6
    heads: int = 6
    kv_heads: int = 2
    head_dim: int = 32
    ffn: int = 512
    context: int = 1024
    rope_theta: float = 10000.0
    norm_eps: float = 1e-5


def rotations(shape, count):
    """Cosines and sines of the rotary angles. Shape [count, head_dim], the halves equal."""
    inverse = shape.rope_theta ** -(torch.arange(0, shape.head_dim, 2).float() / shape.head_dim)
    angles = torch.outer(torch.arange(count).float(), inverse)
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos(), angles.sin()


def rotate(x, cos, sin):
    """Rotates the halves of the last dimension against each other. x: [batch, heads, tokens, head_dim]."""
    low, high = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-high, low), dim=-1) * sin


class RmsNorm(torch.nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight, self.eps = torch.nn.Parameter(torch.ones(size)), eps

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


class Layer(torch.nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.attention_norm, self.ffn_norm = RmsNorm(shape.hidden, shape.norm_eps), RmsNorm(shape.hidden, shape.norm_eps)
        width = shape.heads * shape.head_dim
        self.qkv = torch.nn.Linear(shape.hidden, width + 2 * shape.kv_heads * shape.head_dim, bias=False)
        self.out = torch.nn.Linear(width, shape.hidden, bias=False)
        self.gate_up = torch.nn.Linear(shape.hidden, 2 * shape.ffn, bias=False)
        self.down = torch.nn.Linear(shape.ffn, shape.hidden, bias=False)

    def forward(self, x, cos, sin, mask, past=None):
        """x: [batch, tokens, hidden]; mask: [tokens, past + tokens], 0 or -inf. Returns x and the keys and values."""
        attended, kept = self._attend(self.attention_norm(x), cos, sin, mask, past)
        x = x + attended
        gate, up = self.gate_up(self.ffn_norm(x)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * up), kept

    def _attend(self, x, cos, sin, mask, past):
        s, (batch, tokens, _) = self.shape, x.shape
        groups = s.heads // s.kv_heads
        q, k, v = self.qkv(x).view(batch, tokens, -1, s.head_dim).transpose(1, 2).split((s.heads, s.kv_heads, s.kv_heads), dim=1)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if past is not None:
            k, v = torch.cat((past[0], k), dim=2), torch.cat((past[1], v), dim=2)
        scores = q.reshape(batch, s.kv_heads, groups * tokens, s.head_dim) @ (k * s.head_dim ** -0.5).transpose(2, 3)
        scores = (scores.view(batch, s.kv_heads, groups, tokens, -1) + mask).softmax(-1)
        mixed = scores.view(batch, s.kv_heads, groups * tokens, -1) @ v
        mixed = mixed.view(batch, s.heads, tokens, s.head_dim).transpose(1, 2).reshape(batch, tokens, -1)
        return self.out(mixed), (k, v)


class Llama(torch.nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.embedding = torch.nn.Embedding(shape.vocab, shape.hidden)
        self.layers = torch.nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = RmsNorm(shape.hidden, shape.norm_eps)
        self.register_buffer("cos", rotations(shape, shape.context)[0], persistent=False)
        self.register_buffer("sin", rotations(shape, shape.context)[1], persistent=False)
        self._initialize()

    def _initialize(self):
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                deviation = 0.02 if "embedding" in name else weight.shape[1] ** -0.5 * 0.7
                if name.endswith(("out.weight", "down.weight")):
                    deviation /= math.sqrt(2 * self.shape.layers)
                torch.nn.init.normal_(weight, std=deviation)

    def forward(self, ids, past=None):
        """ids: [batch, tokens]. Returns logits [batch, tokens, vocab] and each layer's keys and values."""
        before, tokens = (past[0][0].shape[2] if past else 0), ids.shape[1]
        cos, sin = self.cos[before:before + tokens], self.sin[before:before + tokens]
        mask = torch.full((tokens, before + tokens), float("-inf")).triu(before + 1)
        x, kept = self.embedding(ids), []
        for i, layer in enumerate(self.layers):
            x, pair = layer(x, cos, sin, mask, past[i] if past else None)
            kept.append(pair)
        return F.linear(self.norm(x), self.embedding.weight), kept

    @torch.no_grad()
    def generate(self, ids, stop, limit, temperature=0.0, top_p=1.0, generator=None):
        """Continues ids by at most <limit> tokens, up to and including <stop>; greedy at temperature 0."""
        made, past = [], None
        step = torch.tensor([ids])
        while len(made) < limit and len(ids) + len(made) < self.shape.context:
            logits, past = self(step, past)
            made.append(pick(logits[0, -1], temperature, top_p, generator))
            if made[-1] == stop:
                break
            step = torch.tensor([[made[-1]]])
        return made


def pick(logits, temperature, top_p, generator):
    if temperature == 0.0:
        return int(logits.argmax())
    chances, order = (logits / temperature).softmax(-1).sort(descending=True)
    chances[chances.cumsum(-1) - chances > top_p] = 0.0
    return int(order[torch.multinomial(chances, 1, generator=generator)])


def _layer_names(i):
    return {"attention_norm.weight": [f"model.layers.{i}.input_layernorm.weight"],
            "qkv.weight": [f"model.layers.{i}.self_attn.{part}_proj.weight" for part in "qkv"],
            "out.weight": [f"model.layers.{i}.self_attn.o_proj.weight"],
            "ffn_norm.weight": [f"model.layers.{i}.post_attention_layernorm.weight"],
            "gate_up.weight": [f"model.layers.{i}.mlp.{part}_proj.weight" for part in ("gate", "up")],
            "down.weight": [f"model.layers.{i}.mlp.down_proj.weight"]}


def names(shape):
    """Hugging Face's tensor names for each of ours, in the order in which its rows are split."""
    table = {"embedding.weight": ["model.embed_tokens.weight"]}
    for i in range(shape.layers):
        table.update({f"layers.{i}.{ours}": theirs for ours, theirs in _layer_names(i).items()})
    table["norm.weight"] = ["model.norm.weight"]
    return table


def to_hugging_face(state, shape):
    q, kv = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    rows = {1: None, 2: [shape.ffn, shape.ffn], 3: [q, kv, kv]}
    out = {}
    for ours, theirs in names(shape).items():
        parts = [state[ours]] if len(theirs) == 1 else state[ours].split(rows[len(theirs)])
        out.update(zip(theirs, parts))
    return out


def from_hugging_face(tensors, shape):
    return {ours: torch.cat([tensors[name] for name in theirs]) for ours, theirs in names(shape).items()}
