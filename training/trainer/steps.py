"""The loss, the optimizer and one training step."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from hymba.config import Config
from hymba.model import Hymba
from trainer.feed import to_gpu
from trainer.marks import inside_answers

Z_LOSS = 1e-4


def losses(hidden, embedding, targets, inside, answer_weight: float):
    """-> the loss to minimise, mean nats over all targets, mean nats over targets inside answers."""
    logits = F.linear(hidden, embedding).float()
    lse = logits.logsumexp(-1)
    nll = lse - logits.gather(-1, targets[..., None])[..., 0]
    inside = inside.float()
    answers = (nll * inside).sum()
    mean = nll.mean()
    loss = mean + (answer_weight - 1) * answers / nll.numel() + Z_LOSS * lse.pow(2).mean()
    return loss, mean, answers / inside.sum().clamp_min(1)


class Trainer:
    """The network on the GPU with its optimizer: matrices decay, vectors and embeddings do not."""

    def __init__(self, cfg: Config, compiled=True, flex=True, seed=1, decay=0.1, marks=(-1, -1, -1), answer_weight=1.0):
        self.marks, self.answer_weight = marks, answer_weight
        self.net = Hymba(cfg, seed).cuda()
        self.net.flex = flex
        self.losses = losses
        if compiled:
            torch._dynamo.config.cache_size_limit = 64
            for block in self.net.model.layers:
                block.compile(dynamic=False)
            self.losses = torch.compile(losses, dynamic=False)
        matrices = [p for n, p in self.net.named_parameters() if n.endswith("proj.weight") or "_proj.0.weight" in n]
        ids = {id(p) for p in matrices}
        others = [p for p in self.net.parameters() if id(p) not in ids]
        groups = [{"params": matrices, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
        self.opt = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95), eps=1e-8, fused=True)

    def forward(self, rows: torch.Tensor):
        """rows [b, length + 1] -> what `losses` says."""
        inside = inside_answers(rows, self.marks)
        with torch.autocast("cuda", torch.bfloat16):
            hidden, embedding = self.net(rows[:, :-1]), self.net.model.embed_tokens.weight
            return self.losses(hidden, embedding, rows[:, 1:], inside, self.answer_weight)

    def step(self, rows: torch.Tensor, lr: float):
        """One step of the optimizer -> nats a token, gradient norm, nats a token inside answers."""
        for group in self.opt.param_groups:
            group["lr"] = lr
        loss, nll, answers = self.forward(rows)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0, foreach=True)
        self.opt.step()
        self.opt.zero_grad(set_to_none=True)
        return nll.detach(), norm, answers.detach()

    def evaluate(self, rows: np.ndarray, batch: int) -> float:
        """Mean nats a token over whole batches of rows. (Gradients stay on: without them all would compile again.)"""
        whole = len(rows) // batch * batch
        return float(np.mean([self.forward(to_gpu(rows[i : i + batch]))[1].item() for i in range(0, whole, batch)]))
