"""Reading and writing .safetensors files with nothing but NumPy, in float32 and bfloat16."""

from __future__ import annotations

import json
import struct

import numpy as np


def write_safetensors(path: str, tensors: dict[str, np.ndarray], kind: str) -> None:
    """Store float32 arrays as `kind` ('F32' or 'BF16', rounded to nearest even), in the order given."""
    blobs = [_raw(a, kind) for a in tensors.values()]
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for (name, a), blob in zip(tensors.items(), blobs):
        end = offset + len(blob)
        header[name] = {"dtype": kind, "shape": list(a.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        f.writelines(blobs)


def read_safetensors(path: str) -> dict[str, np.ndarray]:
    """Every tensor of a file that holds 'F32' and 'BF16' only, as float32."""
    with open(path, "rb") as f:
        data = f.read()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__":
            first, end = entry["data_offsets"]
            tensors[name] = _floats(data[start + first : start + end], entry["dtype"]).reshape(entry["shape"])
    return tensors


def _raw(a: np.ndarray, kind: str) -> bytes:
    words = np.ascontiguousarray(a, "<f4")
    if kind == "F32":
        return words.tobytes()
    if kind == "BF16":
        bits = words.view("<u4")
        return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()
    raise ValueError(f'Cannot write tensors: the kind is "{kind}", expected "F32" or "BF16"')


def _floats(data: bytes, kind: str) -> np.ndarray:
    if kind == "F32":
        return np.frombuffer(data, "<f4").copy()
    if kind == "BF16":
        return (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
    raise ValueError(f'Cannot read tensors: the kind is "{kind}", expected "F32" or "BF16"')
