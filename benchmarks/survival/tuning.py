"""How do derivations train?

Rows of tokens through `provenance.training`; what has a loss of its own (distillation, preferences, answers only) goes
through `descend`, with the same optimizer.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from provenance import checkpoints, training

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

RATE, BATCH = 5e-4, 8
"""Half the rate of pre-training, as whoever fine-tunes is careful."""
WARMUP = 0.1
"""Share of the steps over which a rate rises."""


def some(rows: NDArray[np.int32], count: int, *, rng: np.random.Generator) -> NDArray[np.int32]:
    """Draw rows, none twice before all were drawn."""
    drawn = np.concatenate([rng.permutation(len(rows)) for _ in range(-(-count // len(rows)))] or [np.arange(0)])
    return rows[drawn[:count].astype(np.int64)]


def plainly(model: Any, rows: NDArray[np.int32], *, rate: float = RATE) -> Any:
    """Train on rows in the order given, at a constant rate after a short warm-up."""
    if not len(rows):
        return model.eval()
    schedule = training.Schedule(batch=BATCH, learning_rate=rate, warmup=_warmup(_steps(rows)))
    return training.train(model, rows, order=np.arange(len(rows)), schedule=schedule)


def cosine(model: Any, rows: NDArray[np.int32], *, rate: float, least: float) -> Any:
    """Train on rows while the rate rises linearly to `rate` and falls along a half cosine to a share `least` of it."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    total = _steps(rows)
    warm = _warmup(total)

    def share(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        return least + (1 - least) * (1 + math.cos(math.pi * (step - warm) / max(1, total - warm))) / 2

    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, share)
    model.train()
    for first in range(0, len(rows), BATCH):
        part = rows[first : first + BATCH]
        training.update(model, optimizer, scheduler, rows=part, recipe=checkpoints.Recipe(batch=BATCH))
    return model.eval()


def descend(model: Any, batches: Iterable[Any], loss: Callable[[Any], torch.Tensor], *, rate: float = RATE) -> Any:
    """Make one step a batch down a loss of one's own, at a rate that rises over the first ten steps."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=rate, weight_decay=0.01)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 10))
    model.train()
    for batch in batches:
        loss(batch).backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad(set_to_none=True)
    return model.eval()


def batches(rows: NDArray[np.int32]) -> list[torch.Tensor]:
    """Cut rows into batches of token ids."""
    return [torch.tensor(rows[first : first + BATCH].astype(np.int64)) for first in range(0, len(rows), BATCH)]


def linears(model: Any) -> list[torch.nn.Linear]:
    """Give the linear layers inside the blocks: embeddings and output head are left alone, as compressors do."""
    return [part for part in model.base_model.modules() if isinstance(part, torch.nn.Linear)]


def _steps(rows: NDArray[np.int32]) -> int:
    return -(-len(rows) // BATCH)


def _warmup(steps: int) -> int:
    return max(1, int(WARMUP * steps))
