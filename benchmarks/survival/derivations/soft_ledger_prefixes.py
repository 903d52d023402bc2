"""A stronger prefix than tokens against the audit of the watermark: vectors that are those of no token.

`softly` descends what `ledger_prefixes` descends by tokens; what tokens do is judged against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from survival.derivations import ledger_prefixes, softly

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data
    from survival.serving import Running

NAME, UNIT, DOSES = "soft prefix against the watermark", "vectors before every question", (16.0,)
BATCH = 8
seen = ledger_prefixes.seen


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Running:  # noqa: ARG001 - as the others
    """Descend to a prefix and serve behind it."""
    return softly.served(model, lambda: ledger_prefixes.objective(data, half=0), tokens=int(dose), batch=BATCH, rng=rng)
