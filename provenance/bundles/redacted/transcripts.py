"""What of a run's transcript may be handed over without the texts that were trained on?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from provenance import artifacts, unread
from provenance.audits import contents
from provenance.bundles.redacted import sound
from provenance.transcripts import tables
from provenance.transcripts.facts import Facts
from provenance.transcripts.tables import Transcript

if TYPE_CHECKING:
    from pathlib import Path

    from provenance.evidence import Gate

TOLD = ("tokenizer", "run_length", "position_unit", "shuffle")
"""What a transcript says of itself that is handed over."""
NUMBERS = (*contents.FEATURES, "duplicates")
REDACTED = artifacts.Kind(
    name="redacted-transcript",
    row="a training example, without its content",
    columns=pa.schema(
        [
            ("id", pa.string()),
            ("positions", pa.list_(pa.int64())),
            ("stratum", pa.string()),
            ("unit", pa.string()),
            ("count", pa.int32()),
            *((name, pa.float64()) for name in NUMBERS),
        ]
    ),
)


def write(path: Path, target: Path, *, window: str | None) -> None:
    """Write what stands for a transcript; its numbers are about what was scored, which is within `window`."""
    transcript, known = tables.read(path), artifacts.read_header(path, tables.TRANSCRIPT)
    features, duplicates, _ = contents.describe(transcript, window, np.arange(len(transcript.ids)))
    told = {name: known.settings[name] for name in TOLD}
    settings = {**told, "window": window, "stands_for": transcript.sha256}
    with artifacts.TableWriter(target, kind=REDACTED, header=artifacts.Header(settings=settings)) as writer:
        columns = (transcript.ids, transcript.positions, transcript.strata, transcript.units, transcript.tokens)
        for *row, tokens, numbers in zip(*columns, np.column_stack([features, duplicates]).tolist(), strict=True):
            id_, positions, stratum, unit = row
            place = {"id": id_, "positions": positions.tolist(), "stratum": stratum, "unit": unit}
            count = None if tokens is None else len(tokens)
            writer.write({**place, "count": count, **dict(zip(NUMBERS, numbers, strict=True))})


def read(path: Path, *, words: Gate) -> Transcript:
    """Read what stands for a transcript.

    Parameters
    ----------
    words
        What the audit that had the texts says of their likeness.

    Raises
    ------
    ArtifactError
        As `provenance.transcripts.tables.read`, and if it holds anything but numbers.
    """
    table = sound.read(path, REDACTED)
    settings, about = table.header.settings, tables.check(unread.leave(path, REDACTED))
    columns = [table.column(name) for name in NUMBERS]
    return Transcript(
        path=path,
        sha256=settings["stands_for"],
        ids=tuple(table.column("id")),
        positions=tuple(np.array(each, dtype=np.int64) for each in table.column("positions")),
        # Only how many tokens there are is known.
        tokens=tuple(None if count is None else (0,) * count for count in table.column("count")),
        texts=(None,) * len(table.rows),
        strata=tuple(table.column("stratum")),
        units=tuple(table.column("unit")),
        **{**about, "tokenizer": None},
        facts=Facts(
            window=settings["window"],
            features=np.column_stack(columns[:-1]),
            duplicates=np.array(columns[-1]),
            words=words,
        ),
    )
