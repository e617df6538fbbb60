"""The NumPy float64 oracle of tests/reference/ on a checkpoint of ours. Shares no code with the PyTorch network."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from hymba.checkpoint import read_weights

sys.path.append(str(Path(__file__).parents[2] / "tests" / "reference"))

from hymba_ref import Hymba  # noqa: E402
from make_fixtures import ref_config  # noqa: E402


class Oracle:
    """Logits under the window rule this model was trained with: NVIDIA's single-token decode rule at every position.

    The reference's prefill lets a query look `window` keys back (NVIDIA's prefill), so it is given a window that is
    smaller by one, and its prefill arithmetic is used for single tokens too.
    """

    def __init__(self, config: dict, weights: dict[str, np.ndarray]):
        sizes = ref_config(config)
        sizes["window"] -= 1
        self._ref = Hymba(sizes, {name: a.astype(np.float64) for name, a in weights.items()})

    @staticmethod
    def load(folder: str) -> Oracle:
        """The oracle of a checkpoint folder."""
        with open(f"{folder}/config.json") as f:
            return Oracle(json.load(f), read_weights(folder))

    def logits(self, ids: Sequence[int]) -> np.ndarray:
        """A new text: logits [len(ids), vocab] after each of its tokens."""
        return self._ref.prefill(np.array(ids))

    def append(self, ids: Sequence[int]) -> np.ndarray:
        """The text goes on: logits [len(ids), vocab] after each of these tokens."""
        return self._ref.run(self._ref.W["model.embed_tokens.weight"][np.array(ids)], False)

    def greedy(self, ids: Sequence[int], count: int, ends: Callable[[int], bool]) -> list[int]:
        """Up to `count` ids that follow a text, the largest logit each time; the first one that `ends` is the last."""
        logits, out = self.logits(ids), []
        while True:
            out.append(int(logits[-1].argmax()))
            if len(out) == count or ends(out[-1]):
                return out
            logits = self.append(out[-1:])
