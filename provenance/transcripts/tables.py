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

from provenance import artifacts, lookup, unheld, unread
from provenance.errors import ArtifactError
from provenance.ragged import Ragged
from provenance.records import Record, Tokenizer
from provenance.unheld import Unheld

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from provenance.transcripts.facts import Facts

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
    ids: Sequence[str]
    positions: Sequence[NDArray[np.int64]]
    """Positions of each example, one for each time it was consumed, from 0 to `run_length` − 1."""
    tokens: Sequence[tuple[int, ...] | None]
    """The ids that were trained on, where they were recorded."""
    texts: Sequence[str | None]
    strata: Sequence[str | None]
    """Within which group each example was shuffled."""
    units: Sequence[str | None]
    """What was shuffled as one, where that was more than one example."""
    tokenizer: Tokenizer | None
    """What made the token ids."""
    run_length: int
    """How many positions the run had, consumed by these examples or by others."""
    position_unit: str
    """One of `POSITION_UNITS`."""
    shuffle: Mapping[str, Any]
    """``kind`` (one of `SHUFFLES`) and what else is known about how the order came about."""
    facts: Facts | None = None
    """What stands in place of tokens and texts where these are kept back."""


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
    """Read a transcript and check all that an audit relies upon; its rows stay on the disk.

    Raises
    ------
    ArtifactError
        If it is no transcript, has no rows, repeats an id, or has a row without a position or with one outside of the
        run.
    """
    table = unread.leave(path, TRANSCRIPT)
    return _transcript(table, tokens=table.column("tokens", Tokens()), texts=table.column("text", _values))


def outline(path: str | os.PathLike[str]) -> Transcript:
    """Read a transcript without what its rows say, checked as `read` does; tokens and texts are None throughout."""
    table = unread.leave(path, OUTLINE)
    nothing = Unheld[None](length=len(table), passing=lambda: itertools.repeat(None, len(table)), at=lambda _row: None)
    return _transcript(table, tokens=nothing, texts=nothing)


def _transcript(
    table: unread.Unread, *, tokens: Sequence[tuple[int, ...] | None], texts: Sequence[str | None]
) -> Transcript:
    about = check(table)
    return Transcript(
        path=table.path,
        sha256=table.sha256,
        ids=table.column("id", _values),
        positions=table.column("positions", _positions),
        tokens=tokens,
        texts=texts,
        strata=table.column("stratum", _values),
        units=table.column("unit", _values),
        **about,
    )


def check(table: unread.Unread) -> dict[str, Any]:
    """Check all that an audit relies upon of a transcript, or of what stands for one; gives what its header says.

    Raises
    ------
    ArtifactError
        As `read`.
    """
    about = _about(table.header, table.path)
    _check_ids(table)
    _check_positions(table, run_length=about["run_length"])
    return about


def header(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read tokenizer, run length, position unit and shuffle record, without the rows."""
    return _about(artifacts.read_header(path, TRANSCRIPT), Path(path))


def records(transcript: Transcript) -> Unheld[Record]:
    """Give what a suspect may see: ids, tokens and text, nothing about positions.

    A transcript may hold ids alone: losses that somebody computed are found by id, a model can be asked once
    ``provtool transcript import … --join CORPUS`` has added the text.
    """

    def passing() -> Iterator[Record]:
        for id_, tokens, text in zip(transcript.ids, transcript.tokens, transcript.texts, strict=True):
            yield Record(id=id_, tokens=tokens, text=text)

    def at(row: int) -> Record:
        return Record(id=transcript.ids[row], tokens=transcript.tokens[row], text=transcript.texts[row])

    return Unheld(length=len(transcript.ids), passing=passing, at=at)


def some(transcript: Transcript, rows: NDArray[np.int64]) -> list[Record]:
    """Give the records of some rows, in the order asked, going once through the transcript."""
    wanted = np.zeros(len(transcript.ids), dtype=bool)
    wanted[rows] = True
    found = dict(
        zip(np.flatnonzero(wanted).tolist(), itertools.compress(records(transcript), wanted.tolist()), strict=True)
    )
    return [found[row] for row in rows.tolist()]


def times(transcript: Transcript) -> Ragged:
    """Hold the positions of all rows, 16 bytes a row that was consumed once."""
    parts = [_times(part) for part in unheld.batches(transcript.positions, pa.list_(pa.int64()))]
    lengths = np.concatenate([part.lengths() for part in parts])
    return Ragged(flat=np.concatenate([part.flat for part in parts]), edges=np.concatenate([[0], np.cumsum(lengths)]))


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


def _check_ids(table: unread.Unread) -> None:
    if not len(table):
        raise ArtifactError("a transcript without rows", path=table.path)
    found, nameless = list[Any](), None
    for (ids,) in (batch.columns for batch in table.batches(["id"])):
        if ids.null_count:
            nameless = sum(map(len, found)) + ids.is_valid().to_pylist().index(False)
            found.append(lookup.digests(ids.slice(0, nameless - sum(map(len, found))).to_pylist()))
            break
        found.append(lookup.digests(ids.to_pylist()))
    if twice := lookup.Index.of(np.concatenate(found)).again():
        later, first = twice
        what = f"id {table.column('id', _values)[later]!r} again, first in row {first + 1}"
        raise ArtifactError(what, path=table.path, line=later + 1, expected="one row an id")
    if nameless is not None:
        raise ArtifactError("no id", path=table.path, line=nameless + 1, expected="one row an id")


def _check_positions(table: unread.Unread, *, run_length: int) -> None:
    before = 0
    for batch in table.batches(["positions"]):
        times = _times(batch.column(0))
        lengths = np.diff(times.edges)
        if not lengths.all():
            line = before + int(np.argmin(lengths)) + 1
            raise ArtifactError("no position", path=table.path, line=line, expected="at least one")
        outside = (times.flat < 0) | (times.flat >= run_length)
        if outside.any():
            first = int(np.argmax(outside))
            raise ArtifactError(
                f"position {times.flat[first]}",
                path=table.path,
                line=before + int(np.searchsorted(times.edges, first, side="right")),
                expected=f"0 to {run_length - 1} (a run of {run_length})",
            )
        before += len(lengths)


def _times(column: pa.Array) -> Ragged:
    lengths = pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    flat = column.flatten().fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return Ragged(flat=flat, edges=np.concatenate([[0], np.cumsum(lengths)]))


def _values(column: pa.Array) -> list[Any]:
    return list(column.to_pylist())


def _positions(column: pa.Array) -> Iterator[NDArray[np.int64]]:
    return iter(_times(column))


class Tokens:
    """Makes tuples of token ids, one object a distinct id: who holds many takes 8 bytes a token, not 36."""

    def __init__(self) -> None:
        self._shared = np.empty(0, dtype=object)

    def __call__(self, column: pa.Array) -> Iterator[tuple[int, ...] | None]:
        """Make one tuple a row, None where there are no ids."""
        flat = column.flatten()
        highest = pc.max(flat).as_py() or 0
        if flat.null_count or highest >= LARGEST_SHARED:
            yield from (None if row is None else tuple(row) for row in column.to_pylist())
            return
        if highest >= len(self._shared):
            self._shared = np.arange(1 << (highest + 1).bit_length()).astype(object)
        ids, ends = (
            self._shared[flat.to_numpy()].tolist(),
            np.cumsum(pc.list_value_length(column).fill_null(0)).tolist(),
        )
        for whole, low, high in zip(column.is_valid().to_pylist(), [0, *ends], ends, strict=False):
            yield tuple(ids[low:high]) if whole else None
