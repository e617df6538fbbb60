"""RoPE, the window rule and grouped-query attention.

Window rule (all of training, evaluation and decoding here): a query sees itself, the `sliding_window - 1` keys
before it, and all meta tokens. That is what NVIDIA's single-token decode does; their prefill sees one more.

Shapes: b sequences, t queries, s keys, H query heads on Hkv key-value heads.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from hymba.config import Config

try:
    from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention
except ImportError:  # torch before 2.5: dense masks only, which is all that a CPU uses
    BlockMask = create_block_mask = flex_attention = None


def inv_freq(cfg: Config) -> torch.Tensor:
    """RoPE frequencies [head_dim / 2]. The release's static 'ntk' type has the factor 2 built in; with
    max_position_embeddings == orig_max_position_embeddings it leaves rope_theta as it is."""
    d = cfg.head_dim
    base = cfg.rope_theta * (2 * cfg.max_position_embeddings / cfg.orig_max_position_embeddings - 1) ** (d / (d - 2))
    return 1.0 / base ** (torch.arange(0, d, 2, dtype=torch.float64) / d)


def rope_tables(cfg: Config, start: int, count: int, device, dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and sines of `count` positions from `start`, each [count, head_dim / 2]."""
    angle = torch.arange(start, start + count, dtype=torch.float64)[:, None] * inv_freq(cfg)[None]
    return angle.cos().to(device, dtype), angle.sin().to(device, dtype)


def rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """RoPE on x [b, heads, t, head_dim]; pairs are (i, i + head_dim / 2)."""
    a, b = x.float().chunk(2, -1) if x.dtype != torch.float64 else x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1).to(x.dtype)


def allowed(cfg: Config, positions: torch.Tensor, is_global: bool) -> torch.Tensor:
    """Which keys each query may see [t, t]; positions count the meta tokens, which are 0 .. num_memory_tokens - 1."""
    back = positions[:, None] - positions[None, :]
    ok = back >= 0
    if not is_global:
        ok &= (back < cfg.sliding_window) | (positions[None, :] < cfg.num_memory_tokens)
    return ok


def dense_mask(cfg: Config, total: int, device, dtype, is_global: bool) -> torch.Tensor:
    """`allowed` over all positions as a bias [total, total]: 0 where allowed, -inf elsewhere."""
    ok = allowed(cfg, torch.arange(total, device=device), is_global)
    return torch.zeros(total, total, device=device, dtype=dtype).masked_fill(~ok, float("-inf"))


def block_mask(cfg: Config, total: int, device, is_global: bool) -> BlockMask:
    """`allowed` over all positions, for flex_attention."""
    meta, window = cfg.num_memory_tokens, cfg.sliding_window

    def everywhere(_batch, _head, i, j):
        return j <= i

    def windowed(_batch, _head, i, j):
        return (j <= i) & ((i - j < window) | (j < meta))

    return create_block_mask(everywhere if is_global else windowed, None, None, total, total, device=device)


def attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask) -> torch.Tensor:
    """q [b, H, t, head_dim], k [b, Hkv, s, head_dim], v [b, Hkv, s, v_dim]; mask a bias [t, s] or a flex_attention
    block mask -> [b, t, H * v_dim]."""
    if not torch.is_tensor(mask):
        return flex_attention(q, k, v, block_mask=mask, enable_gqa=True).transpose(1, 2).flatten(2)
    rep = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(rep, 1), v.repeat_interleave(rep, 1)
    if q.is_cuda:
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask.to(q.dtype))
    else:
        s = (q @ k.transpose(-1, -2)).to(mask.dtype) / math.sqrt(q.shape[-1]) + mask
        y = s.softmax(-1).to(v.dtype) @ v
    return y.transpose(1, 2).flatten(2)
