"""Which rows did the last phase of a run consume, in which order, and what may change places with what?

What is exchanged is what the run shuffled: blocks (rows shuffled as one) within a group (a stratum of one epoch). Every
epoch is taken to have been shuffled anew.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance.errors import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from provenance.records import Tokenizer
    from provenance.transcripts.tables import Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Rows and the order in which a phase consumed them."""

    rows: Sequence[Sequence[int]] | NDArray[np.int32]
    """Token ids of each row."""
    order: NDArray[np.int64]
    """Row consumed at each place, shape ``(places,)``."""
    blocks: NDArray[np.int64]
    """Number of the block at each place, from 0 and rising."""
    groups: NDArray[np.int64]
    """For each block, which blocks it changes places with, shape ``(blocks,)``."""
    epochs: NDArray[np.int64]
    """Epoch of each place, rising: no optimizer step reaches over its end."""
    shuffle: Mapping[str, Any]
    """How the order came about, as a transcript records it."""
    inputs: Mapping[str, str]
    """Digests of the files behind the rows and the order."""
    tokenizer: Tokenizer | None = None

    def __post_init__(self) -> None:
        if np.bincount(self.groups).max(initial=0) < 2:  # noqa: PLR2004 (two can change places)
            raise InputError("nothing in this phase can change places", expected="at least two rows of a group")


def of_order(
    rows: NDArray[np.int32] | Sequence[Sequence[int]],
    order: Sequence[int] | NDArray[np.int64],
    *,
    tokenizer: Tokenizer | None = None,
) -> Phase:
    """Take a phase from rows and the order in which they were consumed, shuffled one by one.

    That it was a random shuffle is then the caller's claim.

    Parameters
    ----------
    rows
        Token ids, one sequence a row.
    order
        Row numbers in the order of training after the checkpoint; a row that comes again is in its next epoch.

    Raises
    ------
    InputError
        If a row comes again before all others of its epoch have come, or nothing can change places.
    """
    places = np.asarray(order, dtype=np.int64)
    counts = Counter[int]()
    epochs = []
    for row in places.tolist():
        epochs.append(counts[row])
        counts[row] += 1
    _check_rising(np.array(epochs, dtype=np.int64), path="order")
    return _phase(
        rows,
        _Places(rows=places, epochs=np.array(epochs, dtype=np.int64)),
        names=[(None, None)] * len(rows),
        shuffle={"kind": "claimed"},
        inputs={},
        tokenizer=tokenizer,
    )


def of_transcript(transcript: Transcript, *, step: int, rows_per_step: int) -> Phase:
    """Take the phase that began after `step` optimizer steps from a recorded run, with its units and strata.

    Parameters
    ----------
    step
        Steps completed in the checkpoint, its ``global_step``.
    rows_per_step
        Rows an optimizer step, over all micro-batches and processes.

    Raises
    ------
    InputError
        If the transcript does not hold every row of the phase with its token ids, its steps have another number of
        rows, its epochs cannot be told apart or were not shuffled anew, or a unit was not consumed in one go.
    """
    start = _start(transcript, step, rows_per_step)
    seen = sorted(
        (int(position), row, epoch)
        for row, positions in enumerate(transcript.positions)
        for epoch, position in enumerate(np.sort(positions))
    )
    units = tuple(transcript.units)
    begun = {(units[row], epoch) for position, row, epoch in seen if position < start}
    seen = [one for one in seen if one[0] >= start]
    if not seen:
        raise InputError(f"the run ended before step {step}", path=transcript.path, expected="an earlier checkpoint")
    positions, rows, epochs = (np.array(column, dtype=np.int64) for column in zip(*seen, strict=True))
    _check(transcript, positions, epochs, start=start, rows_per_step=rows_per_step)
    _check_tokens(transcript, rows)
    return _phase(
        [tokens or () for tokens in transcript.tokens],
        _Places(rows=rows, epochs=epochs, begun=frozenset(begun)),
        names=list(zip(units, transcript.strata, strict=True)),
        shuffle=transcript.shuffle,
        inputs={"transcript": transcript.sha256},
        tokenizer=transcript.tokenizer,
    )


def reshuffled(phase: Phase, rng: np.random.Generator) -> NDArray[np.int64]:
    """Give another order of the phase, each equally likely: blocks change places within their group.

    Examples
    --------
    >>> phase = of_order([[1], [2], [3]], [2, 0, 1])
    >>> sorted(reshuffled(phase, np.random.default_rng(0)).tolist())
    [0, 1, 2]
    """
    arrangement = np.arange(len(phase.groups))
    for group in np.unique(phase.groups):
        members = np.flatnonzero(phase.groups == group)
        arrangement[members] = rng.permutation(members)
    places = np.split(phase.order, np.flatnonzero(np.diff(phase.blocks)) + 1)
    return np.concatenate([places[block] for block in arrangement])


def steps(phase: Phase, rows_per_step: int) -> Iterator[tuple[int, int]]:
    """Give the first and last place of every optimizer step; the last of an epoch may be short."""
    yield from _steps(phase.epochs, rows_per_step)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """Row and epoch at each place, and the units of an epoch that had begun before the phase."""

    rows: NDArray[np.int64]
    epochs: NDArray[np.int64]
    begun: frozenset[tuple[str | None, int]] = frozenset()


def _phase(rows: Any, places: _Places, *, names: Sequence[tuple[str | None, str | None]], **about: Any) -> Phase:
    """Join neighbours of one unit into a block, and say which blocks change places."""
    blocks, keys, groups = list[int](), list[tuple[str | int, int]](), list[Any]()
    for place, (row, epoch) in enumerate(zip(places.rows.tolist(), places.epochs.tolist(), strict=True)):
        unit, stratum = names[row]
        key = (place if unit is None else unit, epoch)
        if not keys or keys[-1] != key:
            keys.append(key)
            # A unit that had begun before the checkpoint has no other place to go to.
            groups.append(("begun", unit) if unit is not None and (unit, epoch) in places.begun else (stratum, epoch))
        blocks.append(len(keys) - 1)
    if len(set(keys)) < len(keys):
        twice = next(key for key, count in Counter(keys).items() if count > 1)
        raise InputError(f"unit {twice[0]!r} was not consumed in one go", expected="rows shuffled as one, side by side")
    number = {group: index for index, group in enumerate(dict.fromkeys(groups))}
    return Phase(
        rows=rows,
        order=places.rows,
        epochs=places.epochs,
        blocks=np.array(blocks, dtype=np.int64),
        groups=np.array([number[group] for group in groups], dtype=np.int64),
        **about,
    )


def _start(transcript: Transcript, step: int, rows_per_step: int) -> int:
    """Give the first position after `step` steps; the last step of an epoch may have been short."""
    if transcript.position_unit == "step":
        return step
    if max(map(len, transcript.positions)) == 1:
        return step * rows_per_step
    epoch = len(transcript.ids)
    whole, rest = divmod(step, -(-epoch // rows_per_step))
    return whole * epoch + rest * rows_per_step


def _check(
    transcript: Transcript,
    positions: NDArray[np.int64],
    epochs: NDArray[np.int64],
    *,
    start: int,
    rows_per_step: int,
) -> None:
    """Refuse a transcript from which the phase cannot be run again as it was."""
    _check_rising(epochs, path=transcript.path)
    expected = np.arange(start, transcript.run_length)
    if transcript.position_unit == "step":
        sizes = [end - first for first, end in _steps(epochs, rows_per_step)]
        expected = np.repeat(np.arange(start, start + len(sizes)), sizes)
    if not np.array_equal(positions, expected):
        raise InputError(
            f"{len(positions):,} rows from position {start:,} on are not the whole phase, {rows_per_step} a step",
            path=transcript.path,
            expected=f"every row up to the end of the run, {len(expected):,}",
        )
    first, second = (
        np.argsort([times[epoch] for times in map(np.sort, transcript.positions) if len(times) > 1]) for epoch in (0, 1)
    )
    if len(first) > 2 and np.array_equal(first, second):  # noqa: PLR2004 (two rows agree by chance)
        raise InputError(
            "its epochs have one and the same order", path=transcript.path, expected="each epoch shuffled anew"
        )


def _check_rising(epochs: NDArray[np.int64], *, path: str | os.PathLike[str]) -> None:
    if (np.diff(epochs) < 0).any():
        raise InputError(
            "its epochs cannot be told apart: some rows were left out of one",
            path=path,
            expected="every row once an epoch",
        )


def _check_tokens(transcript: Transcript, rows: NDArray[np.int64]) -> None:
    empty = np.array([not tokens for tokens in transcript.tokens])
    without = rows[empty[rows]]
    if len(without):
        raise InputError(
            f"row {transcript.ids[int(without[0])]!r} has no token ids",
            path=transcript.path,
            expected="what was trained on",
        )


def _steps(epochs: NDArray[np.int64], rows_per_step: int) -> Iterator[tuple[int, int]]:
    edges = [0, *(np.flatnonzero(np.diff(epochs)) + 1).tolist(), len(epochs)]
    for low, high in itertools.pairwise(edges):
        for first in range(low, high, rows_per_step):
            yield first, min(first + rows_per_step, high)
