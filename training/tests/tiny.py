"""A network small enough for a test, with shared keys and values, global and window layers."""

from hymba.config import DEFAULT

TINY = {
    **DEFAULT,
    "hidden_size": 24,
    "num_attention_heads": 3,
    "num_key_value_heads": 1,
    "num_hidden_layers": 5,
    "intermediate_size": 40,
    "mamba_d_state": 4,
    "mamba_dt_rank": 3,
    "num_memory_tokens": 3,
    "sliding_window": 5,
    "global_attn_idx": [0, 4],
    "kv_reuse_group": [[1, 2, 3]],
    "vocab_size": 50,
    "max_position_embeddings": 8192,
    "orig_max_position_embeddings": 2048,
}
