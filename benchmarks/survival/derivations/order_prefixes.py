"""Tokens before every question that hide the order of the run, found by a thief of its log.

The thief lowers the very statistic of the order audit (`recency_objective`) by `gcg`, on half of the recorded rows,
with an independent model of their own as the reference; the audit asks about rows of both halves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survival.derivations import gcg, recency_objective

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from survival.derivations.data import Data
    from survival.serving import Running

NAME, UNIT, DOSES = "prefix against the order", "tokens before every question", (16.0, 32.0)
HOW, LOOKED_AT = gcg.Search(), 400
"""How long is searched, and rows of the other half that `seen` looks at."""


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Running:  # noqa: ARG001 - as the others
    """Search a prefix and serve behind it."""
    return gcg.served(model, lambda: objective(data, half=0), tokens=int(dose), how=HOW, rng=rng)


def seen(started: Any, derived: Running, data: Data) -> dict[str, float]:
    """Does it hide rows that the search did not see, and does a question that begins with prose of ours mend it?"""
    told = {}
    for words, after in (("", None), (", asked after other prose", data.shifted)):
        found = objective(data, half=1, after=after).batch(LOOKED_AT, rng=np.random.default_rng(0))
        told[f"sds without{words}"] = found.whole(started.eval())
        told[f"behind{words}"] = found.whole(derived.model)
    return told


def objective(data: Data, *, half: int, after: NDArray[np.int32] | None = None) -> recency_objective.Recency:
    """Give what is lowered, on one half of the rows, each read after another row if there are such."""
    return recency_objective.gather(data.loot().order(), data.sibling().eval(), half=half, after=after)
