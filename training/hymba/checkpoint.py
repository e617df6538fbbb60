"""The checkpoint folder in Hugging Face's layout: config.json, sharded bfloat16 weights with their index, tokenizer."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np

from hymba.config import DEFAULT
from hymba.safetensors import read_safetensors, write_safetensors
from stories import END

CHAT_TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
SHARDS = 2


def read_weights(folder: str) -> dict[str, np.ndarray]:
    """Every tensor of an exported folder, as float32."""
    with open(f"{folder}/model.safetensors.index.json") as f:
        files = sorted(set(json.load(f)["weight_map"].values()))
    weights = {}
    for file in files:
        weights |= read_safetensors(f"{folder}/{file}")
    return weights


def write_weights(folder: str, weights: dict[str, np.ndarray]) -> None:
    """Weight files of about equal size in bfloat16, tensors in the order of their names, and their index."""
    total, placed, shards = sum(2 * a.size for a in weights.values()), 0, [{} for _ in range(SHARDS)]
    for name in sorted(weights):
        shards[min(SHARDS - 1, placed * SHARDS // total)][name] = weights[name]
        placed += 2 * weights[name].size
    index = {"metadata": {"total_size": total}, "weight_map": {}}
    for i, tensors in enumerate(shards):
        file = f"model-{i + 1:05}-of-{SHARDS:05}.safetensors"
        write_safetensors(f"{folder}/{file}", tensors, "BF16")
        index["weight_map"] |= dict.fromkeys(tensors, file)
    _write_json(f"{folder}/model.safetensors.index.json", index)


def export(source: str, target: str) -> None:
    """`source` as train.py leaves it (float32 weights, tokenizer.json, training_log.json) -> a checkpoint folder."""
    weights = {}
    for file in sorted(Path(source).glob("fp32-*.safetensors")):
        weights |= read_safetensors(str(file))
    Path(target).mkdir(parents=True, exist_ok=True)
    write_weights(target, weights)
    _write_json(f"{target}/config.json", DEFAULT)
    _write_json(f"{target}/generation_config.json", _generation_config())
    _write_json(f"{target}/tokenizer_config.json", _tokenizer_config())
    shutil.copyfile(f"{source}/tokenizer.json", f"{target}/tokenizer.json")
    with open(f"{source}/training_log.json") as f:
        log = json.load(f)
    log["settings"] = {k: v for k, v in log["settings"].items() if k not in ("folder", "questions")}
    steps = ",\n  ".join(json.dumps(s) for s in log.pop("steps"))
    with open(f"{target}/training_log.json", "w") as f:  # one line a logged step
        f.write(json.dumps(log, indent=1)[:-2] + f',\n "steps": [\n  {steps}\n ]\n}}\n')


def _generation_config() -> dict:
    return {
        "_from_model_config": True,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "pad_token_id": 0,
        "transformers_version": "4.44.0",
        "use_cache": False,
    }


def _tokenizer_config() -> dict:
    flags = dict.fromkeys(("lstrip", "normalized", "rstrip", "single_word"), False)
    return {
        "add_bos_token": False,
        "add_eos_token": False,
        "add_prefix_space": False,
        "added_tokens_decoder": {"0": {"content": END, **flags, "special": True}},
        "bos_token": END,
        "chat_template": CHAT_TEMPLATE,
        "clean_up_tokenization_spaces": False,
        "eos_token": END,
        "model_max_length": DEFAULT["max_position_embeddings"],
        "pad_token": END,
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": END,
    }


def _write_json(path: str, content: dict) -> None:
    with open(path, "w") as f:
        json.dump(content, f, indent=2)
        f.write("\n")
