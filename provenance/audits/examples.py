"""Which units does an order audit compare, with which positions, scores and features?

What was shuffled is laid out first (`lay_out`), in an order that is a hash of seed and ids and before anybody was
asked; then answers are joined to it (`join`). Rows that were shuffled as one are one unit throughout.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from provenance.audits import contents, signals
from provenance.errors import InputError, MismatchError
from provenance.records import hash_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from provenance.scoring import Scores
    from provenance.transcripts.tables import Transcript

FEATURES = contents.FEATURES


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What was shuffled as one, in walking order, before anybody was asked."""

    names: tuple[str, ...]
    rows: NDArray[np.int64]
    """Rows of the transcript, those of a unit next to one another, shape ``(r,)``."""
    edges: NDArray[np.int64]
    """Unit u has the rows from ``edges[u]`` to ``edges[u + 1]``, shape ``(n + 1,)``."""
    positions: tuple[NDArray[np.int64], ...]
    strata: NDArray[np.int64]

    def first(self, units: int) -> NDArray[np.int64]:
        """Give the rows of the first so many units."""
        return self.rows[: self.edges[units]]

    def unit_of_rows(self) -> NDArray[np.int64]:
        """Give the unit of each row, shape ``(r,)``."""
        return np.repeat(np.arange(len(self.names)), np.diff(self.edges))

    def restricted(self, keep: NDArray[np.bool_]) -> Layout:
        """Leave units out, shape ``(n,)``; strata keep their numbers."""
        sizes = np.diff(self.edges)
        return Layout(
            names=tuple(itertools.compress(self.names, keep.tolist())),
            rows=self.rows[np.repeat(keep, sizes)],
            edges=np.concatenate([[0], np.cumsum(sizes[keep])]),
            positions=tuple(itertools.compress(self.positions, keep.tolist())),
            strata=self.strata[keep],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """What was shuffled as one and answered, one row each, in walking order."""

    names: tuple[str, ...]
    positions: tuple[NDArray[np.int64], ...]
    scores: NDArray[np.float64]
    """The suspect's mean log-probability, shape ``(n,)``."""
    references: NDArray[np.float64]
    """The references', shape ``(n, r)``."""
    features: NDArray[np.float64]
    """Columns as in `FEATURES`, shape ``(n, 3)``."""
    duplicates: NDArray[np.float64]
    """How many rows of the transcript have the same content, shape ``(n,)``."""
    strata: NDArray[np.int64]
    dropped: int
    """Rows too short for the window, dropped on all sides."""
    rest_positions: tuple[NDArray[np.int64], ...]
    """Positions of the units that were shuffled with these and have no answer: not asked, or dropped."""
    rest_strata: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the rows of a layout without asking."""

    layout: Layout
    features: NDArray[np.float64]
    """One line a row of the layout, shape ``(r, 3)``; likewise: """
    duplicates: NDArray[np.float64]


def lay_out(transcript: Transcript, *, seed: int) -> Layout:
    """Sort what was shuffled by a hash of seed and name, before anything else is computed."""
    # A unit and a row may go by the same name and are still two things.
    names = [
        f"unit {unit}" if unit else f"row {id_}" for unit, id_ in zip(transcript.units, transcript.ids, strict=True)
    ]
    labels = list(dict.fromkeys(names))
    walk = hash_order([f"{seed}\x00{label}" for label in labels])
    place = {labels[at]: unit for unit, at in enumerate(walk.tolist())}
    unit = np.array([place[name] for name in names])
    # Rows of a unit stand in the order of their own hashes: sums then round alike, whatever the order of the file.
    within = np.arange(len(names)) if len(labels) == len(names) else hash_order(list(transcript.ids))
    rows = within[np.argsort(unit[within], kind="stable")]
    edges = np.searchsorted(unit[rows], np.arange(len(labels) + 1))
    leaders = _leaders(transcript, rows, edges)
    return Layout(
        names=tuple(labels[at] for at in walk.tolist()),
        rows=rows,
        edges=edges,
        positions=_positions(transcript, leaders, shuffled_singly=len(labels) == len(names)),
        strata=_strata(transcript, leaders),
    )


def know(transcript: Transcript, layout: Layout, *, window: str | None) -> Known:
    """Look at the content of every row of a layout, as far as it is scored."""
    scored = contents.scored(transcript, window)
    return Known(
        layout=layout,
        features=contents.features(scored, layout.rows),
        duplicates=contents.repeats(scored, layout.rows),
    )


def gather(
    transcript: Transcript,
    scores: Scores,
    references: Sequence[Scores],
    *,
    layout: Layout | None = None,
    asked: int | None = None,
    seed: int = 0,
) -> Units:
    """Join a transcript with what a suspect and references said of it; see `join`.

    Raises
    ------
    InputError
        Also if no row is long enough for the window.
    """
    laid = lay_out(transcript, seed=seed) if layout is None else layout
    units = join(transcript, know(transcript, laid, window=scores.window), scores, references, asked=asked)
    if not units.names:
        raise InputError(f"no row reaches window {scores.window}", path=transcript.path, hint="--window 1:32")
    return units


def join(
    transcript: Transcript,
    known: Known,
    scores: Scores,
    references: Sequence[Scores],
    *,
    asked: int | None = None,
) -> Units:
    """Join a layout with what a suspect and references said of its rows, or of those of its first `asked` units.

    Raises
    ------
    MismatchError
        If a row was not scored.
    InputError
        If log-probabilities are not finite.
    """
    layout = known.layout
    units = len(layout.names) if asked is None else asked
    rows, unit = layout.first(units), layout.unit_of_rows()[: layout.edges[units]]
    columns = [_joined(transcript, rows, source) for source in (scores, *references)]
    measured = ~np.isnan(np.column_stack(columns)).any(axis=1)
    table = np.column_stack([*columns, known.features[: len(rows)], known.duplicates[: len(rows)]])[measured]
    sizes = np.bincount(unit[measured], minlength=len(layout.names))
    kept = np.flatnonzero(sizes)
    totals = [np.bincount(unit[measured], weights=column, minlength=len(sizes)) for column in table.T]
    means = np.column_stack(totals)[kept] / sizes[kept, None]
    split, rest = 1 + len(references), np.flatnonzero(sizes == 0)
    return Units(
        names=tuple(layout.names[at] for at in kept.tolist()),
        positions=tuple(layout.positions[at] for at in kept.tolist()),
        scores=means[:, 0],
        references=means[:, 1:split],
        features=means[:, split : split + len(FEATURES)],
        duplicates=means[:, -1],
        strata=layout.strata[kept],
        dropped=int(np.count_nonzero(~measured)),
        rest_positions=tuple(layout.positions[at] for at in rest.tolist()),
        rest_strata=layout.strata[rest],
    )


def _joined(transcript: Transcript, rows: NDArray[np.int64], scores: Scores) -> NDArray[np.float64]:
    signals.check_finite(scores)
    by_record = signals.by_record(scores, signals.mean_logprob(scores))
    ids = [transcript.ids[row] for row in rows.tolist()]
    values = [by_record.get((None, id_, 0)) for id_ in ids]
    if missing := [id_ for id_, value in zip(ids, values, strict=True) if value is None]:
        raise MismatchError(
            f"{len(missing)} rows of {transcript.path} have no score from {scores.suspect['suspect']}: "
            + ", ".join(missing[:3]),
            expected="a score for every row that takes part",
            hint="provtool score TRANSCRIPT again, or --stop-early or --queries as when they were asked",
        )
    return np.array(values, dtype=np.float64)


def _leaders(transcript: Transcript, rows: NDArray[np.int64], edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the row of each unit that the run consumed first: rows shuffled as one move as one, with its positions."""
    if len(rows) == len(edges) - 1:
        return rows
    first_seen = np.array([transcript.positions[row].min() for row in rows.tolist()])
    unit = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    leaders: NDArray[np.int64] = rows[np.lexsort((first_seen, unit))[edges[:-1]]]
    return leaders


def _positions(
    transcript: Transcript, leaders: NDArray[np.int64], *, shuffled_singly: bool
) -> tuple[NDArray[np.int64], ...]:
    """Give the positions of each unit; where units have several rows, their places among units, spread over the run.

    Where a unit begins depends on its own length: a long one has more of the run behind its first row, hence begins
    early (up to 11 % of nulls at .05). Its place among the units does not.
    """
    positions = tuple(transcript.positions[row] for row in leaders.tolist())
    if shuffled_singly:
        return positions
    places = stats.rankdata(np.concatenate(positions), method="dense") - 1
    spread = (places * (transcript.run_length / (places.max() + 1))).astype(np.int64)
    return tuple(np.split(spread, np.cumsum([len(times) for times in positions])[:-1]))


def _strata(transcript: Transcript, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    names = [transcript.strata[row] or "" for row in rows.tolist()]
    numbers = {name: number for number, name in enumerate(sorted(set(names)))}
    return np.array([numbers[name] for name in names], dtype=np.int64)
