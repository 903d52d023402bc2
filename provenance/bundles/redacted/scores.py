"""What of a suspect's answers may be handed over without the texts that they are about?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from provenance import artifacts, scoring
from provenance.audits import signals
from provenance.bundles.redacted import sound
from provenance.errors import InputError
from provenance.records import Score
from provenance.scoring import Scores

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

TOLD = ("suspect", "rendering", "window", "texts", "halved")
"""What a table says of itself that is handed over."""
REDACTED = artifacts.Kind(
    name="redacted-scores",
    row="a scored text, summed up",
    columns=pa.schema(
        [
            ("id", pa.string()),
            ("set", pa.string()),
            ("variant", pa.int16()),
            ("view", pa.string()),
            ("start", pa.int32()),
            ("count", pa.int32()),
            ("total", pa.float64()),
            ("end", pa.int32()),
        ]
    ),
)

SUMS = "sum"
"""Rendering of answers that were no more than a number a text to begin with."""


def write(path: Path, target: Path) -> None:
    """Write what stands for a table of scores: a sum, a count and an end for each text.

    Raises
    ------
    InputError
        If of a text a single token was scored: its sum would be what is kept back.
    """
    scores = scoring.read(path)
    if scores.rendering != SUMS and (alone := sum(len(row.logprob) == 1 for row in scores.rows)):
        what = f"of {alone:,} texts a single token was scored, and its log-probability tells which"
        raise InputError(what, path=path, expected="at least 2 tokens of each text", hint="a longer --window")
    found = artifacts.read_header(path, scoring.SCORES).settings
    settings = {name: found[name] for name in TOLD if name in found}
    header = artifacts.Header(inputs=scores.inputs, settings={**settings, "stands_for": scores.sha256})
    with artifacts.TableWriter(target, kind=REDACTED, header=header) as writer:
        for row in _rows(scores):
            writer.write(row)


def read(path: Path) -> Scores:
    """Read answers that were summed up: the first token has the sum, the others nothing."""
    table = sound.read(path, REDACTED)
    settings = table.header.settings
    return Scores(
        rows=tuple(map(_score, table.rows.to_pylist())),
        suspect=settings["suspect"],
        rendering=settings["rendering"],
        window=settings["window"],
        inputs=table.header.inputs,
        sha256=settings["stands_for"],
        texts=settings.get("texts", ""),
        halved=settings.get("halved", 0),
    )


def _rows(scores: Scores) -> Iterator[dict[str, Any]]:
    for row, total in zip(scores.rows, signals.total_logprob(scores).tolist(), strict=True):
        yield {
            "id": row.id,
            "set": row.set,
            "variant": row.variant,
            "view": row.view,
            "start": row.start,
            "count": len(row.logprob),
            "total": total if len(row.logprob) else 0.0,
            "end": row.ends[-1] if row.ends else None,
        }


def _score(row: Mapping[str, Any]) -> Score:
    logprob = np.zeros(row["count"])
    logprob[:1] = row["total"]
    return Score(
        id=row["id"],
        set=row["set"],
        variant=row["variant"],
        view=row["view"],
        start=row["start"],
        logprob=logprob,
        ends=None if row["end"] is None else (row["end"],),
    )
