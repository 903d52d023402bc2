"""Was a suspect trained on these documents, rather than on those?

::

    from provenance.audits import membership

    seen = membership.split(ids, seed=7)  # before training: who is a member
    membership.audit(members, nonmembers, scores, drawn=membership.Split(seed=7))

- `finding`: the audit, its null and its gates.
- `pools`: which texts stand on which side, in which clusters, and was it drawn who is a member?
- `views`: other texts to ask about (lower case, prefix, neighbours), and what they cost.
- `replies`: what suspect and references said of every text.
- `attacks`, `tagging`: the number that each published attack makes of a text.
- `weighing`, `trials`: weights learned on one half of the clusters, tested on the other.
- `blind`: can the sides be told apart without asking any model?
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provenance.audits.membership.finding import audit
    from provenance.audits.membership.pools import Side, Split, split

__all__ = ["Side", "Split", "audit", "split"]

_HOMES = {"Side": "pools", "Split": "pools", "audit": "finding", "split": "pools"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
