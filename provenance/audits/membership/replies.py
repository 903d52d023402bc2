"""What did a suspect and its references say of every text of a pool, and of what was made of it?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from provenance.audits import signals
from provenance.audits.membership import pools, views
from provenance.audits.membership.pools import SETS
from provenance.errors import MismatchError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from provenance.audits.membership.pools import Pool
    from provenance.records import Score
    from provenance.scoring import Scores

PREFIX = "prefix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """Scores in the order of the pool; what is too short to be scored, or went into a prefix, is not here."""

    pool: Pool
    rows: tuple[Score, ...]
    views: Mapping[str, tuple[Score, ...]]
    """Other views by name, each as long as `rows`; `PREFIX` without its digest."""
    references: tuple[tuple[Score, ...], ...]
    sums: bool
    """Whether the suspect gave one number a text and no more."""
    window: str | None
    short: int
    """Texts of which nothing could be scored."""
    spent: int
    """Texts that left with the prefix: all clusters up to the last in it, of either side."""


def gather(pool: Pool, scores: Scores, references: Sequence[Scores] = ()) -> Replies:
    """Join a pool with what was said of it.

    Raises
    ------
    MismatchError
        If a text, or a view of some texts only, was not scored, or a prefix is of other texts.
    InputError
        If numbers are not finite, or too few texts are long enough.
    """
    for given in (scores, *references):
        _check_finite(given)
    spent, views_asked = _views(pool, scores)
    rows = _rows(pool, scores, view="text")
    known = tuple(_rows(pool, reference, view="text") for reference in references)
    others = {name: _rows(pool, scores, view=view) for name, view in views_asked.items()}
    columns = (rows, *known, *others.values())
    measured = np.array([all(len(row.logprob) for row in texts) for texts in zip(*columns, strict=True)])
    kept = measured & ~spent
    pools.check_comparable(pool.keep(kept), hint="leaving --window out: texts may be too short for it")
    return Replies(
        pool=pool.keep(kept),
        rows=_kept(rows, kept),
        views={name: _kept(column, kept) for name, column in others.items()},
        references=tuple(_kept(column, kept) for column in known),
        sums=scores.rendering == "sum" and all(len(row.logprob) == 1 for row in rows),
        window=scores.window,
        short=int(np.count_nonzero(~measured)),
        spent=int(np.count_nonzero(spent)),
    )


def _check_finite(scores: Scores) -> None:
    signals.refuse(
        [
            row.id
            for row in scores.rows
            if not all(np.isfinite(part).all() for part in (row.logprob, row.mean, row.sd) if part is not None)
        ],
        scores,
    )


def _views(pool: Pool, scores: Scores) -> tuple[NDArray[np.bool_], dict[str, str]]:
    """Name the views beside the text, and say which texts went into a prefix."""
    asked = {
        PREFIX if row.view.startswith("prefix:") else row.view: row.view for row in scores.rows if row.view != "text"
    }
    if PREFIX not in asked:
        return np.zeros(len(pool.ids), dtype=bool), asked
    before = views.prefix(pool)
    if asked[PREFIX] != before.view:
        raise MismatchError(
            f"{scores.suspect['suspect']} was asked after a prefix of other non-members",
            expected=f"view {before.view}",
            hint="scoring again",
        )
    return before.rows, asked


def _rows(pool: Pool, scores: Scores, *, view: str) -> tuple[Score, ...]:
    # `by_record` refuses what was scored twice, and looks at texts only: any view is one here.
    chosen = tuple(replace(row, view="text") for row in scores.rows if row.view == view)
    named = signals.by_record(replace(scores, rows=chosen), range(len(chosen)))
    keys = [(SETS[0] if member else SETS[1], id_, 0) for id_, member in zip(pool.ids, pool.sides, strict=True)]
    if missing := [id_ for set_, id_, variant in keys if (set_, id_, variant) not in named]:
        raise MismatchError(
            f"{len(missing)} texts have no score from {scores.suspect['suspect']} in view {view!r}: "
            + ", ".join(missing[:3]),
            expected="a score for every text",
            hint="scoring again",
        )
    return tuple(chosen[int(named[key])] for key in keys)


def _kept(rows: Sequence[Score], kept: NDArray[np.bool_]) -> tuple[Score, ...]:
    return tuple(row for row, keep in zip(rows, kept, strict=True) if keep)
