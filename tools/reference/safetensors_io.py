"""Writes safetensors files: 8 bytes little-endian header length, JSON header, data."""
import json
import struct

import torch

NAMES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}


def to_bytes(tensor):
    tensor = tensor.contiguous()
    return (tensor if tensor.dtype == torch.float32 else tensor.view(torch.int16)).numpy().tobytes()


def write(path, tensors):
    header, blobs, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name, tensor in tensors.items():
        blobs.append(to_bytes(tensor))
        header[name] = {
            "dtype": NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset := offset + len(blobs[-1])],
        }
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))
