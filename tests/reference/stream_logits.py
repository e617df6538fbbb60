"""Logits of a checkpoint of any size, by hymba_ref.py: tensors are read from the file as they are used.

    python3 stream_logits.py CONFIG WEIGHTS IDS STEPS OUT    # WEIGHTS: .safetensors (numpy only) or .gguf (gguf-py); IDS as in 1,2,3

OUT gets float64 [IDS + STEPS, vocab]: a row for every id of one prefill, then one for every single-token decode step.
"""
import json, struct, sys
from functools import lru_cache
from pathlib import Path
import numpy as np
from hymba_ref import Hymba
from make_fixtures import ref_config

KEPT = 24  # more than one layer has


class Tensors:
    """Name -> float64 array."""

    def __init__(self, load):
        self.load = lru_cache(maxsize=KEPT)(load)

    def __getitem__(self, name):
        return self.load(name)


def safetensors(path):
    with open(path, 'rb') as file:
        (length,) = struct.unpack('<Q', file.read(8))
        infos = json.loads(file.read(length))
    data = np.memmap(path, mode='r', offset=8 + length)

    def load(name):
        info = infos[name]
        raw = data[slice(*info['data_offsets'])]
        assert info['dtype'] == 'BF16', info
        return (raw.view('<u2').astype(np.uint32) << 16).view(np.float32).astype(np.float64).reshape(info['shape'])

    return load


def gguf(path):
    from gguf import GGUFReader
    from gguf.quants import dequantize
    tensors = {tensor.name: tensor for tensor in GGUFReader(path).tensors}

    def load(name):
        tensor = tensors[name]
        shape = [int(n) for n in reversed(tensor.shape)]
        return dequantize(tensor.data, tensor.tensor_type).astype(np.float64).reshape(shape)

    return load


def main(config_path, weights, ids, steps, out):
    config = json.loads(Path(config_path).read_text())
    if config['mamba_dt_rank'] == 'auto':
        config['mamba_dt_rank'] = -(-config['hidden_size'] // 16)
    model = Hymba(ref_config(config), Tensors((gguf if weights.endswith('.gguf') else safetensors)(weights)))
    rows = [*model.prefill([int(i) for i in ids.split(',')]), *(model.step(int(i)) for i in steps.split(','))]
    np.asarray(rows, '<f8').tofile(out)


if __name__ == '__main__':
    main(*sys.argv[1:])
