"""Which units does an order audit compare, with which positions, scores and features?

What was shuffled is laid out first (`lay_out`), in an order that is a hash of seed and ids and before anybody was
asked; then answers are joined to it (`join`). Rows that were shuffled as one are one unit throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from scipy import stats

from provenance import lookup, ragged, unheld
from provenance.audits import contents, signals
from provenance.errors import InputError, MismatchError
from provenance.ragged import Ragged
from provenance.records import hash_order, hashes
from provenance.transcripts import tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from provenance.scoring import Scores
    from provenance.transcripts.tables import Transcript

FEATURES = contents.FEATURES
EXTENTS = ("tokens", "characters")
"""Of what the suspect read of a row, by its own tokenizer: features where it was asked about text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What was shuffled as one, in walking order, before anybody was asked."""

    names: Sequence[str]
    rows: NDArray[np.int64]
    """Rows of the transcript, those of a unit next to one another, shape ``(r,)``."""
    edges: NDArray[np.int64]
    """Unit u has the rows from ``edges[u]`` to ``edges[u + 1]``, shape ``(n + 1,)``."""
    positions: Sequence[NDArray[np.int64]]
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
            names=unheld.taken(self.names, np.flatnonzero(keep)),
            rows=self.rows[np.repeat(keep, sizes)],
            edges=np.concatenate([[0], np.cumsum(sizes[keep])]),
            positions=ragged.of(self.positions).take(np.flatnonzero(keep)),
            strata=self.strata[keep],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """What was shuffled as one and answered, one row each, in walking order."""

    names: Sequence[str]
    positions: Sequence[NDArray[np.int64]]
    scores: NDArray[np.float64]
    """The suspect's mean log-probability, shape ``(n,)``."""
    references: NDArray[np.float64]
    """The references', shape ``(n, r)``."""
    features: NDArray[np.float64]
    """Columns as in `FEATURES`, shape ``(n, 3)``, and then those of `EXTENTS`, if the suspect was asked about text."""
    duplicates: NDArray[np.float64]
    """How many rows of the transcript have the same content, shape ``(n,)``."""
    strata: NDArray[np.int64]
    dropped: int
    """Rows too short for the window, dropped on all sides."""
    rest_positions: Sequence[NDArray[np.int64]]
    """Positions of the units that were shuffled with these and have no answer: not asked, or dropped."""
    rest_strata: NDArray[np.int64]
    in_common: bool = False
    """Whether all were counted by token of the transcript."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the rows of a layout without asking."""

    layout: Layout
    features: NDArray[np.float64]
    """One line a row of the layout, shape ``(r, 3)``; likewise: """
    duplicates: NDArray[np.float64]
    names: NDArray[np.bytes_]
    """Digests of their ids, `provenance.audits.signals.of_texts`."""
    with_ids: bool
    """Whether every row has token ids: where only some do, all are asked as text."""


def lay_out(transcript: Transcript, *, seed: int) -> Layout:
    """Sort what was shuffled by a hash of seed and name, before anything else is computed."""
    names = unheld.of_arrays([pa.array(part, type=pa.large_string()) for part in labels(transcript)])
    walked, unit = np.unique(hashes(f"{seed}\x00{name}" for name in names), return_inverse=True)
    # Rows of a unit stand in the order of their own hashes: sums then round alike, whatever the order of the file.
    singly = len(walked) == len(names)
    within = np.arange(len(names)) if singly else hash_order(transcript.ids)
    rows = within[np.argsort(unit[within], kind="stable")]
    edges = np.searchsorted(unit[rows], np.arange(len(walked) + 1))
    times = tables.times(transcript)
    leaders = rows if singly else _leaders(times, rows, edges)
    return Layout(
        names=unheld.taken(names, leaders),
        rows=rows,
        edges=edges,
        positions=_positions(times.take(leaders), transcript.run_length, shuffled_singly=singly),
        strata=_strata(transcript, leaders),
    )


def labels(transcript: Transcript) -> Iterator[list[str]]:
    """Say as what each row was shuffled: a unit and a row may go by the same name and are still two things."""
    text = pa.string()
    for units, ids in unheld.together((transcript.units, text), (transcript.ids, text)):
        pairs = zip(units.to_pylist(), ids.to_pylist(), strict=True)
        yield [f"unit {unit}" if unit else f"row {id_}" for unit, id_ in pairs]


def know(transcript: Transcript, layout: Layout, *, window: str | None) -> Known:
    """Look at the content of every row of a layout, as far as it is scored."""
    features, duplicates, with_ids = contents.describe(transcript, window, layout.rows)
    names = lookup.digests(map(signals.name_of, transcript.ids))
    return Known(layout=layout, features=features, duplicates=duplicates, names=names[layout.rows], with_ids=with_ids)


def gather(
    transcript: Transcript,
    scores: Scores,
    references: Sequence[Scores],
    *,
    layout: Layout | None = None,
    asked: int | None = None,
    in_common: bool = True,
    seed: int = 0,
) -> Units:
    """Join a transcript with what a suspect and references said of it; see `join`.

    Raises
    ------
    InputError
        Also if no row is long enough for the window.
    """
    laid = lay_out(transcript, seed=seed) if layout is None else layout
    known = know(transcript, laid, window=scores.window)
    units = join(transcript, known, scores, references, asked=asked, in_common=in_common)
    if not units.names:
        what = f"no row reaches window {scores.window}" if scores.window else "nothing was scored of any row"
        raise InputError(what, path=transcript.path, hint="provtool score TRANSCRIPT again, --window 1:32")
    return units


def join(
    transcript: Transcript,
    known: Known,
    scores: Scores,
    references: Sequence[Scores],
    *,
    asked: int | None = None,
    in_common: bool = True,
) -> Units:
    """Join a layout with what a suspect and references said of its rows, or of those of its first `asked` units.

    Parameters
    ----------
    in_common
        Where somebody was asked about text and every row has ids, count what all said by these, and not by the tokens
        of one and the characters of another.

    Raises
    ------
    MismatchError
        If a row was not scored, or a reference was asked about another window.
    InputError
        If log-probabilities are not finite.
    """
    signals.check_windows(scores, references)
    layout = known.layout
    units = len(layout.names) if asked is None else asked
    rows, unit = layout.first(units), layout.unit_of_rows()[: layout.edges[units]]
    told = [_joined(transcript, known, rows, source) for source in (scores, *references)]
    features = known.features[: len(rows)]
    in_common = in_common and known.with_ids and _mixed(scores, references)
    if in_common:
        lengths = np.exp(features[:, 0]).round()
        columns = [_by_unit(source, places, lengths) for source, places in told]
        if scores.rendering == signals.TEXT:
            features = np.column_stack([features, signals.extents(scores)[told[0][1]] / lengths[:, None]])
    else:
        columns = [signals.mean_logprob(source)[places] for source, places in told]
    measured = ~np.any([np.isnan(column) for column in columns], axis=0)
    columns += [*features.T, known.duplicates[: len(rows)]]
    owners = unit[measured]
    sizes = np.bincount(owners, minlength=len(layout.names))
    kept = np.flatnonzero(sizes)
    means = np.empty((len(kept), len(columns)))
    for number, column in enumerate(columns):
        means[:, number] = np.bincount(owners, weights=column[measured], minlength=len(sizes))[kept] / sizes[kept]
    split, rest = 1 + len(references), np.flatnonzero(sizes == 0)
    positions = ragged.of(layout.positions)
    return Units(
        names=unheld.taken(layout.names, kept),
        positions=positions.take(kept),
        scores=means[:, 0],
        references=means[:, 1:split],
        features=means[:, split:-1],
        duplicates=means[:, -1],
        strata=layout.strata[kept],
        dropped=int(np.count_nonzero(~measured)),
        rest_positions=positions.take(rest),
        rest_strata=layout.strata[rest],
        in_common=in_common,
    )


def _mixed(scores: Scores, references: Sequence[Scores]) -> bool:
    """Say whether anybody was asked about text, whose tokens are then nobody else's."""
    return scores.rendering in signals.BY_TOKEN and signals.TEXT in {
        source.rendering for source in (scores, *references)
    }


def _by_unit(scores: Scores, places: NDArray[np.int64], lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give log-probabilities a unit of the transcript; a number that is none stands as it is."""
    if scores.rendering not in signals.BY_TOKEN:
        return signals.mean_logprob(scores)[places]
    return signals.total_logprob(scores)[places] / lengths


def _joined(
    transcript: Transcript, known: Known, rows: NDArray[np.int64], scores: Scores
) -> tuple[Scores, NDArray[np.int64]]:
    """Say where in a table of answers those about some rows stand."""
    signals.check_finite(scores)
    places = signals.of_texts(scores, known.names[: len(rows)])
    if (places < 0).any():
        missing = rows[places < 0]
        raise MismatchError(
            f"{len(missing)} rows of {transcript.path} have no score from {scores.suspect['suspect']}: "
            + ", ".join(transcript.ids[row] for row in missing[:3].tolist()),
            expected="a score for every row that takes part",
            hint="provtool score TRANSCRIPT again, or --stop-early or --queries as when they were asked",
        )
    return scores, places


def _leaders(times: Ragged, rows: NDArray[np.int64], edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the row of each unit that the run consumed first: rows shuffled as one move as one, with its positions."""
    first_seen = np.minimum.reduceat(times.flat, times.edges[:-1])[rows]
    unit = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    leaders: NDArray[np.int64] = rows[np.lexsort((first_seen, unit))[edges[:-1]]]
    return leaders


def _positions(positions: Ragged, run_length: int, *, shuffled_singly: bool) -> Ragged:
    """Give the positions of each unit; where units have several rows, their places among units, spread over the run.

    Where a unit begins depends on its own length: a long one has more of the run behind its first row, hence begins
    early (up to 11 % of nulls at .05). Its place among the units does not.
    """
    if shuffled_singly:
        return positions
    places = stats.rankdata(positions.flat, method="dense") - 1
    spread = (places * (run_length / (places.max() + 1))).astype(np.int64)
    return Ragged(flat=spread, edges=positions.edges)


def _strata(transcript: Transcript, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    seen = dict[str, int]()
    codes = np.fromiter((seen.setdefault(name or "", len(seen)) for name in transcript.strata), dtype=np.int64)[rows]
    found = [name for name, code in seen.items() if code in set(np.unique(codes).tolist())]
    number = np.zeros(len(seen), dtype=np.int64)
    number[[seen[name] for name in sorted(found)]] = np.arange(len(found))
    return number[codes]
