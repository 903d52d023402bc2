"""In which order did a Pythia model see its data?

Pythia's data are published in the order in which they were trained on (``pile-deduped-pythia-preshuffled``): row k of
the Megatron data set was the k-th to be consumed, 1,024 rows a step. A row has 2,049 tokens, the 2,048 that were put in
and the last one that was only to be predicted; all are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance import storage
from provenance.transcripts import importing, megatron, numbered

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from pathlib import Path

SHAPE = numbered.Shape(rows_per_step=1024, sequence_length=2049)


def import_run(
    path: str | os.PathLike[str],
    *,
    out: Path,
    declared: importing.Declared,
    shape: numbered.Shape = SHAPE,
    sample: importing.Sample | None = None,
    report: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> importing.Summary:
    """Write a transcript of the rows that a sample takes; no other row is read.

    Parameters
    ----------
    path
        ``document.idx``, ``document.bin`` or one of its parts, the name without ending, or the folder.
    declared
        With ``position_unit="step"`` rows of one step tie; a ``run_length`` leaves out what was never trained on.

    Raises
    ------
    InputError
        If files are missing or damaged, or a row has another length than all are said to have.
    """
    data = megatron.open(path)
    of = numbered.consumed(len(data.sizes), shape, declared)
    rows = importing.taken(of, sample)
    inputs = {"index": storage.digest(data.index)}
    taken = numbered.Taken(rows=rows, places=rows, of=of, name=str(data.index), inputs=inputs, sample=sample)
    return numbered.write(taken, data.row, out=out, declared=declared, shape=shape, report=report)
