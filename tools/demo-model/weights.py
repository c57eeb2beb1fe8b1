"""Reads and writes the safetensors format, BF16 only, and the model folder's config.

python3 weights.py CHECKPOINT MODEL_DIR [--average]   writes model.safetensors, config.json and generation_config.json
"""

import json
import pathlib
import struct
import sys

import numpy as np
import torch

import corpus
from model import Llama, Shape, from_hugging_face, to_hugging_face
from tokenizer import Tokenizer


def to_bf16(weight):
    """The upper halves of the float32 bits, rounded to nearest, ties to even."""
    bits = weight.detach().float().contiguous().numpy().view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2")


def from_bf16(raw, shape):
    return torch.from_numpy((np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32).reshape(shape).copy())


def write_safetensors(path, tensors):
    header, blobs, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name, weight in tensors.items():
        blob = to_bf16(weight).tobytes()
        header[name] = {"dtype": "BF16", "shape": list(weight.shape), "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def read_safetensors(path):
    data = path.read_bytes()
    length = struct.unpack_from("<Q", data)[0]
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] != "BF16":
            raise ValueError(f"{path}: tensor {name} is {entry['dtype']}; only BF16 is read")
        low, high = entry["data_offsets"]
        tensors[name] = from_bf16(data[8 + length + low:8 + length + high], entry["shape"])
    return tensors


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def write_config(folder, shape, special):
    begin, end = special[corpus.BEGIN], special[corpus.END]
    write_json(folder / "config.json", {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": shape.hidden, "intermediate_size": shape.ffn,
        "num_hidden_layers": shape.layers, "num_attention_heads": shape.heads, "num_key_value_heads": shape.kv_heads, "head_dim": shape.head_dim,
        "vocab_size": shape.vocab, "max_position_embeddings": shape.context, "rms_norm_eps": shape.norm_eps, "rope_theta": shape.rope_theta,
        "rope_scaling": None, "hidden_act": "silu", "tie_word_embeddings": True, "attention_bias": False, "mlp_bias": False,
        "bos_token_id": begin, "eos_token_id": end, "torch_dtype": "bfloat16"})
    write_json(folder / "generation_config.json", {
        "bos_token_id": begin, "eos_token_id": end, "pad_token_id": end, "do_sample": True, "temperature": 0.7, "top_p": 0.9})


def load(folder):
    """The model as shipped: BF16 weights, computed with in float32."""
    folder, shape = pathlib.Path(folder), Shape()
    model = Llama(shape)
    model.load_state_dict(from_hugging_face(read_safetensors(folder / "model.safetensors"), shape))
    return model.eval()


def main(arguments):
    source, folder = arguments[0], pathlib.Path(arguments[1])
    state = torch.load(source)["average" if "--average" in arguments else "model"]
    write_safetensors(folder / "model.safetensors", to_hugging_face(state, Shape()))
    write_config(folder, Shape(), Tokenizer.load(folder).special)


if __name__ == "__main__":
    main(sys.argv[1:])
