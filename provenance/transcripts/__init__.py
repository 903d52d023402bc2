"""In which order did a run consume its training data, as a table that anyone can open?

Record a run that you are about to train, in three lines (more in `record`)::

    from provenance.transcripts import record

    run = record.Run("run.parquet", ids=ids, seed=0)
    Trainer(..., callbacks=[run.callback()]).train()
    run.finish(tokens=dataset["input_ids"], tokenizer=tokenizer)

or bring in the order of a run that you recorded otherwise (``provtool transcript import``)::

    from provenance.transcripts import importing, sources

    table = sources.open("seen.jsonl")
    importing.import_table(table, out="run.parquet", declared=importing.Declared(shuffle="full"))

or a sample of the published data of a run, of which nothing else is read (``--format pythia`` or ``olmo``)::

    from provenance.transcripts import importing, pythia

    steps = importing.Declared(position_unit="step", tokenizer=tokenizer)
    sample = importing.Sample(rows=100_000, seed=0)
    pythia.import_run("preshuffled/", out="run.parquet", declared=steps, sample=sample)

and read any of them back::

    from provenance import transcripts

    transcript = transcripts.read("run.parquet")
    transcript.ids[0], transcript.positions[0], transcript.shuffle["kind"]
    list(transcripts.records(transcript))  # what a suspect may see
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provenance.transcripts.importing import Declared, Sample, import_table
    from provenance.transcripts.record import Run
    from provenance.transcripts.tables import TRANSCRIPT, Transcript, read, records, write

__all__ = ["TRANSCRIPT", "Declared", "Run", "Sample", "Transcript", "import_table", "read", "records", "write"]

_HOMES = {
    "Declared": "importing",
    "Sample": "importing",
    "import_table": "importing",
    "Run": "record",
    "TRANSCRIPT": "tables",
    "Transcript": "tables",
    "read": "tables",
    "records": "tables",
    "write": "tables",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
