"""The default model's config.json, and the sizes that follow from one."""

from __future__ import annotations

import json

DEFAULT = {
    "architectures": ["HymbaForCausalLM"],
    "attention_dropout": 0.0,
    "attn_hidden_size": -1,
    "attn_implementation": "flex",
    "attn_implementation_new": "flex",
    "bos_token_id": 0,
    "calc_logits_for_entire_prompt": False,
    "conv_dim": {str(i): 512 for i in range(8)},
    "eos_token_id": 0,
    "global_attn_idx": [0, 4, 7],
    "hidden_act": "silu",
    "hidden_size": 256,
    "initializer_range": 0.02,
    "intermediate_size": 704,
    "kq_head_dim": -1,
    "kq_norm": "none",
    "kv_reuse_every_i_layer": -1,
    "kv_reuse_group": [[1, 2], [5, 6]],
    "kv_weight_reuse": False,
    "layer_type": ["h"] * 8,
    "mamba_conv_bias": True,
    "mamba_d_conv": 4,
    "mamba_d_state": 16,
    "mamba_dt_rank": 16,
    "mamba_expand": 2,
    "mamba_inner_layernorms": True,
    "mamba_proj_bias": False,
    "max_position_embeddings": 2048,
    "memory_tokens_interspersed_every": 0,
    "mlp_hidden_act": "silu",
    "model_type": "hymba",
    "num_attention_heads": 4,
    "num_experts": 1,
    "num_experts_per_tok": 1,
    "num_hidden_layers": 8,
    "num_key_value_heads": 2,
    "num_mamba": 1,
    "num_memory_tokens": 32,
    "orig_max_position_embeddings": 2048,
    "output_router_logits": False,
    "pad_token_id": 0,
    "rms_norm_eps": 1e-6,
    "rope": True,
    "rope_theta": 10000.0,
    "rope_type": "ntk",
    "router_aux_loss_coef": 0.001,
    "seq_length": 2048,
    "sliding_window": 128,
    "sliding_window_rule": "decode",  # no field of the release: see attention.py
    "tie_word_embeddings": True,
    "torch_dtype": "bfloat16",
    "transformers_version": "4.44.0",
    "use_cache": False,
    "use_mamba_kernels": True,
    "v_head_dim": 128,
    "vocab_size": 4096,
}


class Config:
    """The fields of config.json as attributes, plus the sizes derived from them."""

    def __init__(self, fields: dict):
        self.__dict__.update(fields)
        self.inner = self.mamba_expand * self.hidden_size
        self.head_dim = self.hidden_size // self.num_attention_heads
        self.v_dim = self.inner // self.num_attention_heads
        # consumer layer -> the layer whose keys and values it uses
        self.producer = {c: group[0] for group in self.kv_reuse_group for c in group[1:]}

    @staticmethod
    def load(path: str) -> Config:
        """Read a config.json."""
        with open(path) as f:
            return Config(json.load(f))
