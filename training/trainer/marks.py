"""Which targets of a row are part of an answer, and so count more."""

from __future__ import annotations

import torch


def inside_answers(rows: torch.Tensor, marks: tuple[int, int, int]) -> torch.Tensor:
    """rows [b, length + 1] -> booleans [b, length]: the target is part of an answer, its closing line or document end
    included. marks: the ids of 'Answer', ':' and a line's end."""
    word, colon, newline = marks
    given = rows[:, :-1]
    at = torch.arange(given.shape[1], device=rows.device)
    start = given == colon
    start[:, 1:] &= given[:, :-1] == word
    start[:, 0] = False
    stop = (given == newline) | (given == 0)
    last_start = torch.where(start, at, -1).cummax(1).values
    last_stop = torch.where(stop, at, -1).cummax(1).values
    return last_start > last_stop
