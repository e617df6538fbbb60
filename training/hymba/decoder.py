"""Token-by-token inference: the plain counterpart of a runtime's session."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from hymba.attention import attend, rope_tables
from hymba.model import Hymba, Mixer


class Decoder:
    """A batch of equal-length texts, fed token by token. Keeps keys and values of every producer layer, the last
    d_conv - 1 convolution inputs and the SSM state of every layer."""

    def __init__(self, net: Hymba, batch: int):
        self.net, self.cfg = net, net.cfg
        self.keys, self.values, self.conv_state, self.ssm_state = {}, {}, {}, {}
        self.pos = 0
        self._feed(net.model.memory_tokens.expand(batch, -1, -1))

    def push(self, ids: torch.Tensor) -> torch.Tensor:
        """ids [b, t] -> float logits [b, vocab] after the last one."""
        return self._feed(self.net.model.embed_tokens(ids))

    @torch.no_grad()
    def _feed(self, x):
        """x [b, t, hidden] embeddings -> float logits [b, vocab] after the last one."""
        net = self.net
        for t in range(x.shape[1]):
            h = x[:, t : t + 1]
            cos, sin = rope_tables(self.cfg, self.pos, 1, x.device, x.dtype)
            for i, block in enumerate(net.model.layers):
                h = h + self._mix(i, block.mamba, block.input_layernorm(h), cos, sin)
                h = h + block.moe.experts[0](block.pre_moe_layernorm(h))
            self.pos += 1
        return net.logits(net.model.final_layernorm(h))[:, -1]

    def _mix(self, i: int, mixer: Mixer, x, cos, sin):
        q, own, u, z = mixer.project(x, cos, sin)
        if own:
            self._append(i, *own)
        owner = self.cfg.producer.get(i, i)
        k, v = self.keys[owner], self.values[owner]
        ya = attend(q, k, v, x.new_zeros(1, k.shape[2]))
        return mixer.fuse(ya, self._ssm(i, mixer, u, z))

    def _append(self, i: int, k, v) -> None:
        if i in self.keys:
            k, v = torch.cat((self.keys[i], k), 2), torch.cat((self.values[i], v), 2)
        meta, window = self.cfg.num_memory_tokens, self.cfg.sliding_window
        if i not in self.cfg.global_attn_idx and k.shape[2] > meta + window:  # pinned meta keys + the last of the rest
            k, v = (torch.cat((a[:, :, :meta], a[:, :, -window:]), 2) for a in (k, v))
        self.keys[i], self.values[i] = k, v

    def _ssm(self, i: int, mixer: Mixer, u, z):
        past = self.conv_state.get(i, u.new_zeros(len(u), self.cfg.mamba_d_conv - 1, self.cfg.inner))
        c = F.silu(mixer.conv1d(u, past))
        self.conv_state[i] = torch.cat((past, u), 1)[:, 1:]
        dt, B, C, A = mixer.ssm_inputs(c)
        delta = F.softplus(dt + mixer.dt_proj[0].bias)[:, 0, :, None]
        h = self.ssm_state.get(i, torch.zeros_like(A).expand(len(u), -1, -1))
        h = torch.exp(delta * A) * h + delta * c[:, 0, :, None] * B[:, 0, None, :]
        self.ssm_state[i] = h
        ys = ((h * C[:, 0, None, :]).sum(-1) + mixer.D[0] * c[:, 0]) * F.silu(z[:, 0])
        return ys[:, None]
