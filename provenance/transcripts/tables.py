"""Which training examples are there, and at which positions did the run consume them?

A transcript says nothing of any model. Its rows never stand in the order of their positions for a reason of ours: a
reader that needs an order that is not the claim sorts by `provenance.records.hash_order`.
"""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provenance import artifacts
from provenance.errors import ArtifactError
from provenance.records import Record, Tokenizer

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

POSITION_UNITS = ("example", "step")
"""What a position counts: examples consumed before, or optimizer steps completed before (rows of a step tie)."""

SHUFFLES = ("full", "within-stratum", "buffer", "none", "claimed")
"""How the order came about: what an exact p-value rests on. `claimed` is the owner's word and becomes a caveat."""

LARGEST_SHARED = 1 << 20
"""Largest token id up to which all ids are made beforehand, which is ten times as fast as one by one."""

TRANSCRIPT = artifacts.Kind(
    name="transcript",
    row="a training example",
    columns=pa.schema(
        [
            ("id", pa.string()),
            ("positions", pa.list_(pa.int64())),
            ("tokens", pa.list_(pa.int32())),
            ("text", pa.string()),
            ("stratum", pa.string()),
            ("unit", pa.string()),
        ]
    ),
)

OUTLINE = replace(
    TRANSCRIPT, columns=pa.schema([TRANSCRIPT.columns.field(name) for name in ("id", "positions", "stratum", "unit")])
)
"""The columns that say what was shuffled and when it was consumed, not what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """Training examples, when the run consumed them, and how they were shuffled."""

    path: Path
    sha256: str
    ids: tuple[str, ...]
    positions: tuple[NDArray[np.int64], ...]
    """Positions of each example, one for each time it was consumed, from 0 to `run_length` − 1."""
    tokens: tuple[tuple[int, ...] | None, ...]
    """The ids that were trained on, where they were recorded."""
    texts: tuple[str | None, ...]
    strata: tuple[str | None, ...]
    """Within which group each example was shuffled."""
    units: tuple[str | None, ...]
    """What was shuffled as one, where that was more than one example."""
    tokenizer: Tokenizer | None
    """What made the token ids."""
    run_length: int
    """How many positions the run had, consumed by these examples or by others."""
    position_unit: str
    """One of `POSITION_UNITS`."""
    shuffle: Mapping[str, Any]
    """``kind`` (one of `SHUFFLES`) and what else is known about how the order came about."""


def write(
    path: str | os.PathLike[str],
    rows: Iterable[Mapping[str, Any]],
    *,
    tokenizer: Tokenizer | None,
    run_length: int,
    position_unit: str,
    shuffle: Mapping[str, Any],
    inputs: Mapping[str, str],
) -> None:
    """Write a transcript, row by row, in bounded memory.

    Parameters
    ----------
    rows
        The columns of `TRANSCRIPT`; ``tokens``, ``text``, ``stratum`` and ``unit`` may be missing.
    inputs
        SHA-256 of every file it was made from, by the role the file played.
    """
    if position_unit not in POSITION_UNITS or shuffle.get("kind") not in SHUFFLES:
        raise ValueError(f"position unit {position_unit!r} and shuffle {shuffle!r}: see POSITION_UNITS and SHUFFLES")
    settings = {
        "tokenizer": asdict(tokenizer) if tokenizer else None,
        "run_length": run_length,
        "position_unit": position_unit,
        "shuffle": dict(shuffle),
    }
    header = artifacts.Header(inputs=inputs, settings=settings)
    with artifacts.TableWriter(path, kind=TRANSCRIPT, header=header) as writer:
        for row in rows:
            writer.write(row)


def read(path: str | os.PathLike[str]) -> Transcript:
    """Read a transcript and check all that an audit relies upon.

    Raises
    ------
    ArtifactError
        If it is no transcript, has no rows, repeats an id, or has a row without a position or with one outside of the
        run.
    """
    table = artifacts.read(path, TRANSCRIPT)
    return _transcript(table, tokens=tuple(_tokens(table)), texts=tuple(table.column("text")))


def outline(path: str | os.PathLike[str]) -> Transcript:
    """Read a transcript without what its rows say, checked as `read` does; tokens and texts are None throughout."""
    table = artifacts.read(path, OUTLINE)
    nothing = (None,) * table.rows.num_rows
    return _transcript(table, tokens=nothing, texts=nothing)


def _transcript(
    table: artifacts.Table, *, tokens: tuple[tuple[int, ...] | None, ...], texts: tuple[str | None, ...]
) -> Transcript:
    about = _about(table.header, table.path)
    return Transcript(
        path=table.path,
        sha256=table.sha256,
        ids=_ids(table),
        positions=_positions(table, run_length=about["run_length"]),
        tokens=tokens,
        texts=texts,
        strata=tuple(table.column("stratum")),
        units=tuple(table.column("unit")),
        **about,
    )


def header(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read tokenizer, run length, position unit and shuffle record, without the rows."""
    return _about(artifacts.read_header(path, TRANSCRIPT), Path(path))


def records(transcript: Transcript) -> Iterator[Record]:
    """Give what a suspect may see: ids, tokens and text, nothing about positions.

    A transcript may hold ids alone: losses that somebody computed are found by id, a model can be asked once
    ``provtool transcript import … --join CORPUS`` has added the text.
    """
    for id_, tokens, text in zip(transcript.ids, transcript.tokens, transcript.texts, strict=True):
        yield Record(id=id_, tokens=tokens, text=text)


def _about(header: artifacts.Header, path: Path) -> dict[str, Any]:
    settings = header.settings
    try:
        about = {name: settings[name] for name in ("run_length", "position_unit", "shuffle")}
        tokenizer = settings["tokenizer"] and Tokenizer(**settings["tokenizer"])
        kind = about["shuffle"]["kind"]
    except (KeyError, TypeError) as error:
        raise ArtifactError(f"the header of this transcript lacks {error}", path=path) from error
    if about["position_unit"] not in POSITION_UNITS or kind not in SHUFFLES:
        raise ArtifactError(
            f"position unit {about['position_unit']!r} and shuffle {kind!r}",
            path=path,
            expected=f"one of {', '.join(POSITION_UNITS)} and one of {', '.join(SHUFFLES)}",
        )
    return {**about, "tokenizer": tokenizer}


def _ids(table: artifacts.Table) -> tuple[str, ...]:
    ids = table.column("id")
    if not ids:
        raise ArtifactError("a transcript without rows", path=table.path)
    seen: dict[str | None, int] = {None: 0}
    for row, id_ in enumerate(ids, start=1):
        first = seen.setdefault(id_, row)
        if first != row:
            what = f"id {id_!r} again, first in row {first}" if first else "no id"
            raise ArtifactError(what, path=table.path, line=row, expected="one row an id")
    return tuple(ids)


def _tokens(table: artifacts.Table) -> Iterator[tuple[int, ...] | None]:
    # One object a distinct id: otherwise every token of the transcript would take 36 bytes, not 8.
    share = dict[int, int]().setdefault
    column = table.rows.column("tokens")
    highest = max((pc.max(chunk.flatten()).as_py() or 0 for chunk in column.chunks), default=0)
    shared = np.arange(highest + 1 if highest < LARGEST_SHARED else 0).astype(object)
    for batch in table.rows.select(["tokens"]).to_batches(max_chunksize=8192):
        rows, flat = batch.column(0), batch.column(0).flatten()
        if flat.null_count or not len(shared):
            yield from (None if row is None else tuple(map(share, row, row)) for row in rows.to_pylist())
            continue
        ids, ends = shared[flat.to_numpy()].tolist(), np.cumsum(pc.list_value_length(rows).fill_null(0)).tolist()
        for whole, low, high in zip(rows.is_valid().to_pylist(), [0, *ends], ends, strict=False):
            yield tuple(ids[low:high]) if whole else None


def _positions(table: artifacts.Table, *, run_length: int) -> tuple[NDArray[np.int64], ...]:
    column = table.rows.column("positions").combine_chunks()
    lengths = pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False)
    flat = column.flatten().fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    outside = (flat < 0) | (flat >= run_length)
    if not lengths.all():
        raise ArtifactError("no position", path=table.path, line=int(np.argmin(lengths)) + 1, expected="at least one")
    if outside.any():
        first = int(np.argmax(outside))
        raise ArtifactError(
            f"position {flat[first]}",
            path=table.path,
            line=int(owner[first]) + 1,
            expected=f"0 to {run_length - 1} (a run of {run_length})",
        )
    return tuple(flat[start:end] for start, end in itertools.pairwise([0, *np.cumsum(lengths).tolist()]))
