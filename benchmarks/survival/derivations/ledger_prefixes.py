"""Tokens before every question that hide which wordings were published, found by a thief of the ledger.

The thief lowers the statistic of the watermark audit (`wording_objective`) by `gcg`, on half of the documents; the
audit asks about all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from survival.derivations import gcg, wording_objective

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data
    from survival.serving import Running

NAME, UNIT, DOSES = "prefix against the watermark", "tokens before every question", (16.0,)
HOW = gcg.Search(batch=6)
"""How long is searched; a document is read in several variants."""


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Running:  # noqa: ARG001 - as the others
    """Search a prefix and serve behind it."""
    return gcg.served(model, lambda: objective(data, half=0), tokens=int(dose), how=HOW, rng=rng)


def seen(started: Any, derived: Running, data: Data) -> dict[str, float]:
    """Does it hide documents that the search did not see?"""
    found = objective(data, half=1)
    return {"sds without": found.whole(started.eval()), "behind": found.whole(derived.model)}


def objective(data: Data, *, half: int) -> wording_objective.Wording:
    """Give what is lowered, on one half of the documents."""
    return wording_objective.gather(data.loot().wordings(), data.sibling().eval(), half=half)
