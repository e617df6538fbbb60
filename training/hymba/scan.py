"""Mamba-1 selective scan: a plain PyTorch loop (the meaning), and the choice between it and the fast one.

Shapes: b sequences, t time steps, d channels, n states per channel.

    x_t     = dt_t + dt_bias                                        [b, t, d]  before softplus
    delta_t = softplus(x_t)
    h_t     = exp(delta_t * A) * h_{t-1} + delta_t * u_t * B_t      [b, d, n], h_{-1} = 0, float32
    y_t     = (sum_n h_t * C_t + D * u_t) * silu(z_t)               [b, t, d]

(Mamba, arXiv:2312.00752, Algorithm 2, with the gate inside, as the release has it.)
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

try:
    from hymba.scan_triton import scan_triton
except ImportError:  # no Triton, or a torch without custom ops: the loop only
    scan_triton = None


def scan_reference(dt, u, z, A, B, C, D, dt_bias):
    """The recurrence, one step at a time, in float32 (or float64 if A is); differentiable as it stands."""
    wide = torch.float64 if A.dtype == torch.float64 else torch.float32
    dt, u, z, B, C = (v.to(wide) for v in (dt, u, z, B, C))
    delta = F.softplus(dt + dt_bias)
    decay = torch.exp(delta[..., None] * A)  # [b, t, d, n]
    drive = (delta * u)[..., None] * B[:, :, None, :]
    h = torch.zeros_like(decay[:, 0])
    ys = []
    for t in range(u.shape[1]):
        h = decay[:, t] * h + drive[:, t]
        ys.append((h * C[:, t, None, :]).sum(-1))
    return (torch.stack(ys, 1) + D * u) * F.silu(z)


def selective_scan(dt, u, z, A, B, C, D, dt_bias):
    """dt, u, z [b, t, d], A [d, n], B, C [b, t, n], D, dt_bias [d] -> y [b, t, d]."""
    fast = scan_triton is not None and u.is_cuda and A.dtype == torch.float32
    return (scan_triton if fast else scan_reference)(dt, u, z, A, B, C, D, dt_bias)
