"""Were these texts written by a descendant of the run whose order a transcript records?

::

    from provenance import corpora
    from provenance.audits import overlap

    overlap.audit("run.parquet", corpora.open("texts.jsonl"))

- `finding`: the audit, its null and its gates.
- `holding`: what do the examples of a transcript hold of the texts, before anybody looks at their positions?
- `readings`: in which units are both compared, token ids or words?
- `watchlist`, `compiled`: which n-grams of the texts does the transcript hold, and in which rows?
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provenance.audits.overlap.finding import audit
    from provenance.audits.overlap.holding import Counting

__all__ = ["Counting", "audit"]

_HOMES = {"Counting": "holding", "audit": "finding"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
