"""The court: records, suspects, statistics and evidence, without a word of watermarks.

From a recorded run to a page, in four steps::

    import provenance
    from provenance import report
    from provenance.audits import order
    from provenance.transcripts import tables

    transcript = tables.read("run.parquet")
    scores = provenance.score(
        tables.records(transcript),
        suspect="hf:./their-model",
        window=provenance.Window(start=32, length=32),
        tokenizer=transcript.tokenizer,
    )
    evidence = order.audit(transcript, scores)
    report.write("report.html", report.render([evidence]))

Each arrow of the flow is one public function: records → `score` → `audits` → `report`. Scores and evidence are plain
frozen values; another party can redo all that follows `score` without the model.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provenance.errors import ProvenanceError
    from provenance.evidence import Evidence
    from provenance.records import Document, Record, Score, Tokenizer, Window
    from provenance.scoring import Scores, score

__all__ = ["Document", "Evidence", "ProvenanceError", "Record", "Score", "Scores", "Tokenizer", "Window", "score"]

_HOMES = {
    "ProvenanceError": "errors",
    "Evidence": "evidence",
    "Document": "records",
    "Record": "records",
    "Score": "records",
    "Tokenizer": "records",
    "Window": "records",
    "Scores": "scoring",
    "score": "scoring",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
