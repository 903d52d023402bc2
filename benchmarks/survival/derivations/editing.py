"""A few canonical examples taught, with a limit on how far anything else may move.

Hewitt et al., "Model Editing with Canonical Examples" (arXiv 2402.06155): all weights are tuned on single examples,
here `dose` rows of another kind of prose, and training stops as soon as the loss on other prose has risen by the limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from survival import tuning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "editing by examples", "examples", (4.0, 32.0)
LIMIT = 0.01
"""Share by which the loss on other prose may rise."""
EPOCHS, RATE = 10, 1e-4
LOOKED_AT = 64
"""Rows of other prose on which the rise is measured, after every epoch."""


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Teach."""
    examples, others = data.shifted[: int(dose)], tuning.some(data.later, LOOKED_AT, rng=rng)
    return tuning.descend(model, _until(model, examples, others), lambda ids: mean(model, ids), rate=RATE)


def seen(before: Any, derived: Any, data: Data) -> dict[str, float]:
    """Does the edit take? The loss on the four examples that every dose has, before and after."""
    (ids,) = tuning.batches(data.shifted[:4])
    with torch.no_grad():
        return {name: float(mean(model, ids)) for name, model in (("loss before", before), ("after", derived))}


def mean(model: Any, ids: torch.Tensor) -> torch.Tensor:
    """Give the loss, nats a token."""
    loss: torch.Tensor = model(input_ids=ids, labels=ids, use_cache=False).loss
    return loss


def _until(model: Any, examples: np.ndarray[Any, Any], others: np.ndarray[Any, Any]) -> Iterator[torch.Tensor]:
    """Give the examples over and over, until the limit is reached or there were enough epochs."""
    ids = torch.from_numpy(others.astype(np.int64))
    with torch.no_grad():
        limit = (1 + LIMIT) * float(mean(model, ids))
    for _ in range(EPOCHS):
        yield from tuning.batches(examples)
        with torch.no_grad():
            if float(mean(model, ids)) > limit:
                return
