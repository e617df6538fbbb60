"""The other side of the GGUF tests: the same jobs done by ggml's own Python package.

    python3 -m pip install gguf==0.19.0 numpy==2.4.6
    python3 gguf_python.py fixture OUT.gguf     # makes tests/fixtures/gguf/gguf_py.gguf, byte for byte
    python3 gguf_python.py read FILE.gguf       # prints its metadata, and a hash of each tensor's numbers, as JSON
    python3 gguf_python.py quantize FILE.f32    # prints a hash of the file's numbers in each dtype, as JSON
    python3 gguf_python.py round FILE.f32 OUT   # writes what is left of them in q5_1, q5_0 and q4_1, one after the other
"""
import hashlib
import json
import sys

import numpy as np
from gguf import GGML_QUANT_SIZES
from gguf import GGMLQuantizationType as Type
from gguf import GGUFReader, GGUFValueType, GGUFWriter
from gguf.quants import dequantize, quantize

TYPES = {"f32": Type.F32, "f16": Type.F16, "bf16": Type.BF16, "q8_0": Type.Q8_0, "q4_0": Type.Q4_0}
READ_ONLY = {"iq4_nl": Type.IQ4_NL}  # the package has no quantiser for these
ROWS, COLUMNS = 48, 64


def fixture_numbers():
    """[ROWS, COLUMNS] f32 from a congruential generator; row r has numbers around 2^(r - 33). The first two rows hold
    zeros, and numbers that fall on the middle between two quants."""
    state, numbers = 12345, np.zeros((ROWS, COLUMNS), np.float32)
    for row in range(2, ROWS):
        for column in range(COLUMNS):
            state = (state * 1664525 + 1013904223) % 2**32
            numbers[row, column] = (state // 256 - 2**23) * 2.0 ** (row - 33 - 23)
    for column in range(COLUMNS):
        numbers[1, column] = (column % 32 - 16) / 2
    return numbers


def blocks_of_every_byte(kind):
    """ROWS rows of blocks: f16 scales of either sign from 2^-24 up, quants that take every value in every place."""
    size, length = GGML_QUANT_SIZES[kind]
    blocks = np.zeros((ROWS * COLUMNS // size, length), np.uint8)
    for i, block in enumerate(blocks):
        block[:2] = np.array([(-1) ** i * 2.0 ** (i % 37 - 24)], np.float16).view(np.uint8)
        block[2:] = (np.arange(length - 2) * 17 + 3 * i) % 256
    return blocks.reshape(ROWS, -1)


def write_fixture(path):
    writer = GGUFWriter(path, "hymba")
    writer.add_name("made by gguf-py \u2713")
    for kind in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"):
        top = 2 ** (int(kind.split("int")[1]) - (0 if kind[0] == "u" else 1)) - 1
        getattr(writer, f"add_{kind}")(f"test.{kind}", top)
    writer.add_int32("test.negative", -(2**31))
    writer.add_float32("test.float32", 0.1)
    writer.add_float64("test.float64", 0.1)
    writer.add_bool("test.bool", True)
    writer.add_array("test.strings", ["a", "", "\u00e4\u6c34"])
    writer.add_array("test.integers", [1, -2, 3])
    writer.add_array("test.floats", [0.5, -1.5])
    writer.add_array("test.bools", [True, False])
    numbers = fixture_numbers()
    for name, kind in (TYPES | READ_ONLY).items():
        data = quantize(numbers, kind) if name in TYPES else blocks_of_every_byte(kind)
        writer.add_tensor(name, data, raw_dtype=kind)
        writer.add_tensor(f"{name}.numbers", dequantize(data, kind).astype(np.float32).reshape(numbers.shape))
    writer.add_tensor("vector", np.arange(5, dtype=np.float32))
    writer.add_tensor("cube", np.arange(24, dtype=np.float16).reshape(2, 3, 4))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read(path):
    reader = GGUFReader(path)
    metadata = {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")}
    types = {name: [GGUFValueType(t).name for t in field.types] for name, field in reader.fields.items()}
    tensors = []
    for tensor in reader.tensors:
        numbers = np.ascontiguousarray(dequantize(tensor.data, tensor.tensor_type).astype(np.float32))
        tensors.append({
            "name": tensor.name,
            "type": tensor.tensor_type.name.lower(),
            "shape": [int(size) for size in reversed(tensor.shape)],
            "sha256": hashlib.sha256(numbers.tobytes()).hexdigest(),
        })
    return {"metadata": metadata, "types": types, "tensors": tensors}


def quantize_file(path):
    numbers = np.fromfile(path, np.float32)
    return {name: hashlib.sha256(quantize(numbers, kind).tobytes()).hexdigest() for name, kind in TYPES.items()}


def round_file(path, out):
    numbers = np.fromfile(path, np.float32)
    rounded = [dequantize(quantize(numbers, kind), kind) for kind in (Type.Q5_1, Type.Q5_0, Type.Q4_1)]
    np.concatenate(rounded).astype(np.float32).tofile(out)


if __name__ == "__main__":
    job, path, *rest = sys.argv[1:]
    if job == "fixture":
        write_fixture(path)
    elif job == "round":
        round_file(path, *rest)
    else:
        print(json.dumps({"read": read, "quantize": quantize_file}[job](path)))
