"""Which one number stands for a record's scores?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from provenance.errors import InputError, MismatchError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from provenance.records import Score
    from provenance.scoring import Scores


def mean_logprob(scores: Scores) -> NDArray[np.float64]:
    """Mean log-probability of each record: a token where ids were scored, a character where text was, else the sum.

    Returns
    -------
    Nats, shape ``(n,)``, in the order of ``scores.rows``; NaN where nothing was scored.
    """
    return np.array([_mean(row, rendering=scores.rendering) for row in scores.rows])


def total_logprob(scores: Scores) -> NDArray[np.float64]:
    """Log-probability of each whole record, in nats, shape ``(n,)``; NaN where nothing was scored."""
    return np.array([_total(row) for row in scores.rows])


def by_record(scores: Scores, values: Iterable[float]) -> dict[tuple[str | None, str, int], float]:
    """Name each row's number by (set, id, variant); other views of a text (lower case, neighbours) stay out.

    Raises
    ------
    MismatchError
        If a record was scored twice: which answer counts must not depend on the order of a file.
    """
    named = dict[tuple[str | None, str, int], float]()
    for row, value in zip(scores.rows, values, strict=True):
        if row.view != "text":
            continue
        if (row.set, row.id, row.variant) in named:
            raise MismatchError(
                f"{scores.suspect['suspect']} scored {row.id!r}, variant {row.variant}, twice",
                expected="one score a record",
                hint="provtool score again",
            )
        named[row.set, row.id, row.variant] = value
    return named


def check_finite(scores: Scores) -> None:
    """Refuse log-probabilities that are no finite numbers.

    Raises
    ------
    InputError
        With the count and the first ids.
    """
    refuse([row.id for row in scores.rows if not np.isfinite(row.logprob).all()], scores)


def refuse(bad: Sequence[str], scores: Scores) -> None:
    """Raise for ids whose log-probabilities are NaN or infinite, if there are any."""
    if bad:
        raise InputError(
            f"{len(bad)} records have NaN or infinite log-probabilities: {', '.join(bad[:3])}",
            path=str(scores.suspect["suspect"]),
            expected="finite natural logarithms",
        )


def _mean(row: Score, *, rendering: str) -> float:
    if rendering == "tokens":
        return _total(row) / max(len(row.logprob), 1)
    if rendering == "text" and row.ends:
        return _total(row) / max(row.ends[-1], 1)
    return _total(row)


def _total(row: Score) -> float:
    return float(row.logprob.astype(np.float64).sum()) if len(row.logprob) else float("nan")
