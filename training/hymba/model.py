"""NVIDIA's Hymba in plain PyTorch: same structure, tensor names and numbers as the released checkpoints.

Every layer runs attention heads and Mamba-1 heads side by side on one in_proj, normalises both outputs, averages
them and projects back. Learned meta tokens stand before every text. Some layers attend globally, the others to a
sliding window plus the meta tokens; a layer may reuse the keys and values of the layer before it.

Shapes: b sequences, t positions. Needs torch 1.13 or newer; on CUDA with Triton the scan is `scan_triton`.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

from hymba.attention import attend, block_mask, dense_mask, rope_tables, rotate
from hymba.config import Config
from hymba.scan import selective_scan


class RMSNorm(nn.Module):
    """weight * x / rms(x), in float32 (or float64)."""

    def __init__(self, size: int, eps: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x):
        """x [..., size] -> the same shape."""
        x = x if x.dtype == torch.float64 else x.float()
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps))


class Conv(nn.Module):
    """Causal depthwise convolution over time; holds conv1d.weight [inner, 1, taps] and conv1d.bias."""

    def __init__(self, inner: int, taps: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inner, 1, taps))
        self.bias = nn.Parameter(torch.empty(inner))

    def forward(self, u, past=None):
        """u [b, t, inner] after past [b, taps - 1, inner], which without it are zeros."""
        taps = self.weight.shape[-1]
        padded = F.pad(u, (0, 0, taps - 1, 0)) if past is None else torch.cat((past, u), 1)
        y = self.bias
        for j in range(taps):
            y = y + padded[:, j : j + u.shape[1]] * self.weight[:, 0, j]
        return y


class Mixer(nn.Module):
    """Attention heads and Mamba heads on one in_proj; `mamba` in the tensor names."""

    def __init__(self, cfg: Config, layer: int):
        super().__init__()
        self.cfg = cfg
        inner, eps, rank, states = cfg.inner, cfg.rms_norm_eps, cfg.mamba_dt_rank, cfg.mamba_d_state
        queries = cfg.num_attention_heads * cfg.head_dim
        own = [cfg.num_key_value_heads * cfg.head_dim, cfg.num_key_value_heads * cfg.v_dim]
        self.sizes = [queries] + ([] if layer in cfg.producer else own) + [inner, inner]  # q (k v) u z
        self.in_proj = nn.Linear(cfg.hidden_size, sum(self.sizes), bias=False)
        self.out_proj = nn.Linear(inner, cfg.hidden_size, bias=False)
        self.conv1d = Conv(inner, cfg.mamba_d_conv)
        self.x_proj = nn.ModuleList([nn.Linear(inner, rank + 2 * states, bias=False)])
        self.dt_proj = nn.ModuleList([nn.Linear(rank, inner)])
        self.A_log = nn.ParameterList([nn.Parameter(torch.empty(inner, states))])
        self.D = nn.ParameterList([nn.Parameter(torch.ones(inner))])
        self.dt_layernorm = RMSNorm(rank, eps)
        self.B_layernorm = RMSNorm(states, eps)
        self.C_layernorm = RMSNorm(states, eps)
        self.pre_avg_layernorm1 = RMSNorm(inner, eps)
        self.pre_avg_layernorm2 = RMSNorm(inner, eps)

    def project(self, x, cos, sin):
        """x [b, t, hidden] normalised -> queries, (keys, values) or None for a consumer, SSM input u, gate z."""
        q, *own, u, z = self.in_proj(x).split(self.sizes, -1)
        q = rotate(_heads(q, self.cfg.num_attention_heads), cos, sin)
        kv = None
        if own:
            k, v = (_heads(part, self.cfg.num_key_value_heads) for part in own)
            kv = rotate(k, cos, sin), v
        return q, kv, u, z

    def ssm_inputs(self, c):
        """c [b, t, inner] after convolution and silu -> dt before bias and softplus, B, C, A."""
        rank, states = self.cfg.mamba_dt_rank, self.cfg.mamba_d_state
        dt, B, C = self.x_proj[0](c).split([rank, states, states], -1)
        dt = F.linear(self.dt_layernorm(dt), self.dt_proj[0].weight)  # its bias goes into the scan
        return dt, self.B_layernorm(B), self.C_layernorm(C), -torch.exp(self.A_log[0])

    def fuse(self, ya, ys):
        """Outputs of the attention and the Mamba heads [b, t, inner] -> [b, t, hidden]."""
        return self.out_proj(0.5 * (self.pre_avg_layernorm1(ya) + self.pre_avg_layernorm2(ys)))

    def forward(self, x, cos, sin, mask, kv):
        """x [b, t, hidden] normalised; kv the producer's (keys, values) for a consumer. Returns (out, kv)."""
        q, own, u, z = self.project(x, cos, sin)
        kv = own or kv
        ya = attend(q, *kv, mask)
        c = F.silu(self.conv1d(u)).to(u.dtype)
        dt, B, C, A = self.ssm_inputs(c)
        ys = selective_scan(dt, c, z, A, B, C, self.D[0], self.dt_proj[0].bias)
        return self.fuse(ya, ys), kv


def _heads(x, count: int):
    return x.unflatten(-1, (count, x.shape[-1] // count)).transpose(1, 2)


class MLP(nn.Module):
    """SwiGLU."""

    def __init__(self, cfg: Config):
        super().__init__()
        self.gate_proj = nn.Linear(cfg.hidden_size, cfg.intermediate_size, bias=False)
        self.up_proj = nn.Linear(cfg.hidden_size, cfg.intermediate_size, bias=False)
        self.down_proj = nn.Linear(cfg.intermediate_size, cfg.hidden_size, bias=False)

    def forward(self, x):
        """x [b, t, hidden] -> the same shape."""
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    """One layer: norm, mixer, norm, MLP, each pair with a residual."""

    def __init__(self, cfg: Config, layer: int):
        super().__init__()
        self.input_layernorm = RMSNorm(cfg.hidden_size, cfg.rms_norm_eps)
        self.pre_moe_layernorm = RMSNorm(cfg.hidden_size, cfg.rms_norm_eps)
        self.mamba = Mixer(cfg, layer)
        self.moe = nn.Module()
        self.moe.experts = nn.ModuleList([MLP(cfg)])

    def forward(self, x, cos, sin, mask, kv):
        """x [b, t, hidden] -> (x, the keys and values this layer used)."""
        y, kv = self.mamba(self.input_layernorm(x), cos, sin, mask, kv)
        x = x + y
        return x + self.moe.experts[0](self.pre_moe_layernorm(x)), kv


class Body(nn.Module):
    """What the checkpoint calls `model`: embeddings, meta tokens, layers, final norm."""

    def __init__(self, cfg: Config):
        super().__init__()
        self.embed_tokens = nn.Embedding(cfg.vocab_size, cfg.hidden_size)
        self.memory_tokens = nn.Parameter(torch.empty(cfg.num_memory_tokens, cfg.hidden_size))
        self.layers = nn.ModuleList([Block(cfg, i) for i in range(cfg.num_hidden_layers)])
        self.final_layernorm = RMSNorm(cfg.hidden_size, cfg.rms_norm_eps)


class Hymba(nn.Module):
    """ids [b, t] -> hidden states after the final norm [b, t, hidden]; `logits` turns those into float32 logits."""

    def __init__(self, cfg: Config, seed: int = 0):
        super().__init__()
        self.cfg = cfg
        self.model = Body(cfg)
        self.tables = {}
        self.flex = False  # block-sparse attention; only worth it compiled, on CUDA
        init(self, seed)

    def geometry(self, total: int, device, dtype):
        """RoPE tables and the two masks (window, global) for `total` positions, meta tokens included; made once."""
        key = (total, device, dtype, self.flex)
        if key not in self.tables:
            if self.flex:
                masks = [block_mask(self.cfg, total, device, is_global) for is_global in (False, True)]
            else:
                masks = [dense_mask(self.cfg, total, device, dtype, is_global) for is_global in (False, True)]
            self.tables[key] = (*rope_tables(self.cfg, 0, total, device, dtype), masks)
        return self.tables[key]

    def forward(self, ids):
        """ids [b, t] -> [b, t, hidden]; the meta tokens come and go in here."""
        cfg, body = self.cfg, self.model
        x = body.embed_tokens(ids)
        x = torch.cat((body.memory_tokens.expand(len(ids), -1, -1), x), 1)
        cos, sin, masks = self.geometry(x.shape[1], x.device, x.dtype)
        made = {}
        for i, block in enumerate(body.layers):
            x, made[i] = block(x, cos, sin, masks[i in cfg.global_attn_idx], made.get(cfg.producer.get(i)))
        return body.final_layernorm(x)[:, cfg.num_memory_tokens :]

    def logits(self, hidden):
        """[..., hidden] -> [..., vocab], float32 (or float64)."""
        out = F.linear(hidden, self.model.embed_tokens.weight)
        return out if out.dtype == torch.float64 else out.float()


@torch.no_grad()
def init(net: Hymba, seed: int) -> None:
    """Normal weights, the two residual outputs scaled by depth; Mamba-1's own start for A, D and dt."""
    cfg, g = net.cfg, torch.Generator().manual_seed(seed)
    residual = (2 * cfg.num_hidden_layers) ** -0.5
    for name, p in net.named_parameters():
        if name.endswith("memory_tokens") or "embed_tokens" in name:
            p.normal_(0, 0.02, generator=g)
        elif name.endswith(("out_proj.weight", "down_proj.weight")):
            p.normal_(0, 0.04 * residual, generator=g)
        elif "x_proj" in name or name.endswith(("in_proj.weight", "gate_proj.weight", "up_proj.weight")):
            p.normal_(0, 0.04, generator=g)
        elif "dt_proj" in name and name.endswith("weight"):
            bound = cfg.mamba_dt_rank**-0.5
            p.uniform_(-bound, bound, generator=g)
        elif "dt_proj" in name:  # softplus(bias) log-uniform in [0.001, 0.1]
            dt = torch.exp(torch.rand(p.shape, generator=g) * math.log(0.1 / 0.001) + math.log(0.001))
            p.copy_(dt + torch.log(-torch.expm1(-dt)))
        elif "A_log" in name:
            p.copy_(torch.log(torch.arange(1, cfg.mamba_d_state + 1).float()).expand_as(p))
        elif "conv1d" in name:
            bound = cfg.mamba_d_conv**-0.5
            p.uniform_(-bound, bound, generator=g)
