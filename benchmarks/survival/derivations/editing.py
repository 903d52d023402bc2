"""A few canonical examples taught, with a limit on how far anything else may move: all weights are tuned.

Hewitt et al., "Model Editing with Canonical Examples" (arXiv 2402.06155): a model is tuned on single examples, here
`dose` rows of another kind of prose, under a strict limit on the loss elsewhere. After every epoch the loss on other
prose is looked at; as soon as it has risen by the limit, the weights of the epoch before are put back, and that is all.
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
EPOCHS, RATE = 10, 3e-4
LOOKED_AT = 64
"""Rows of other prose on which the rise is measured, after every epoch."""


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Teach."""
    examples, others = data.shifted[: int(dose)], tuning.some(data.later[:-LOOKED_AT], LOOKED_AT, rng=rng)
    return taught(model, examples, others, rate=RATE)


def taught(model: Any, examples: np.ndarray[Any, Any], others: np.ndarray[Any, Any], *, rate: float) -> Any:
    """Tune whatever of a model may be tuned, within the limit."""
    return tuning.descend(model, _within(model, examples, others), lambda ids: mean(model, ids), rate=rate)


def seen(before: Any, derived: Any, data: Data) -> dict[str, float]:
    """Does the edit take, does it reach other rows of their kind, and does the rest stay?

    Four examples that every dose has, and rows of either kind that nobody looked at.
    """
    told = {}
    with torch.no_grad():
        for name, rows in (("of the examples", data.shifted[:4]), ("of their kind", data.shifted[-LOOKED_AT:])):
            told[f"loss {name}, before"], told[f"{name}, after"] = _twice(before, derived, rows)
        was, now = _twice(before, derived, data.later[-LOOKED_AT:])
    return told | {"rise elsewhere": now / was - 1}


def _twice(before: Any, derived: Any, rows: np.ndarray[Any, Any]) -> list[float]:
    ids = torch.tensor(rows.astype(np.int64))
    return [float(mean(model, ids)) for model in (before, derived)]


def mean(model: Any, ids: torch.Tensor) -> torch.Tensor:
    """Give the loss, nats a token."""
    loss: torch.Tensor = model(input_ids=ids, labels=ids, use_cache=False).loss
    return loss


def _within(model: Any, examples: np.ndarray[Any, Any], others: np.ndarray[Any, Any]) -> Iterator[torch.Tensor]:
    """Give the examples over and over, until the limit would be passed or there were enough epochs."""
    ids = torch.tensor(others.astype(np.int64))
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    with torch.no_grad():
        limit = (1 + LIMIT) * float(mean(model, ids))
    for _ in range(EPOCHS):
        kept = [weight.detach().clone() for weight in weights]
        yield from tuning.batches(examples)
        with torch.no_grad():
            if float(mean(model, ids)) > limit:
                for weight, old in zip(weights, kept, strict=True):
                    weight.copy_(old)
                return
