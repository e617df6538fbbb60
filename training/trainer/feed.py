"""Batches of rows out of shards that are still being written."""

from __future__ import annotations

import glob
import os
import queue
import threading
import time

import numpy as np
import torch

POOL = 8192  # rows to choose from, below which more shards are read


def to_gpu(rows: np.ndarray) -> torch.Tensor:
    """Ids as int64 on the GPU."""
    return torch.from_numpy(rows.astype(np.int32)).pin_memory().cuda(non_blocking=True).long()


def shard_files(folder: str, prefix: str) -> list[str]:
    """The finished files `prefix`-*.npy of a folder."""
    return [f for f in sorted(glob.glob(f"{folder}/{prefix}-*.npy")) if not f.endswith(".tmp.npy")]


class Feed(threading.Thread):
    """Batches out of the shards `prefix`-*.npy as they appear; goes round again only when no new one has."""

    def __init__(self, folder: str, prefix: str, batch: int, seed: int):
        super().__init__(daemon=True)
        self.folder, self.prefix, self.batch = folder, prefix, batch
        self.rng = np.random.default_rng(seed)
        self.queue = queue.Queue(16)
        self.used, self.waiting, self.again = [], [], 0
        self.start()

    def run(self) -> None:
        """The thread: keep a shuffled pool, hand batches to `get`."""
        pool = None
        while True:
            if pool is None or len(pool) < POOL:
                parts = self._next_parts(starving=pool is None or len(pool) < self.batch)
                if parts:
                    pool = np.concatenate(([] if pool is None else [pool]) + parts)
                    pool = pool[self.rng.permutation(len(pool))]
            if pool is None:
                time.sleep(0.2)
            elif len(pool) >= self.batch:
                self.queue.put(pool[-self.batch :])
                pool = pool[: -self.batch]

    def _next_parts(self, starving: bool) -> list[np.ndarray]:
        """New shards, the oldest first; when there is none and no full batch either, some that were used before."""
        known = set(self.used)
        new = [f for f in shard_files(self.folder, self.prefix) if f not in known]
        new = sorted(new, key=os.path.getmtime)[:64]
        self.used += new
        if new or not starving or not self.used:
            return [np.load(f) for f in new]
        if not self.waiting:
            self.waiting = list(self.rng.permutation(self.used))
        replay = [str(self.waiting.pop()) for _ in range(min(8, len(self.waiting)))]
        self.again += len(replay)
        return [np.load(f) for f in replay]

    def get(self) -> torch.Tensor:
        """The next batch [batch, length + 1], on the GPU."""
        return to_gpu(self.queue.get())
