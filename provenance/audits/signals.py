"""Which one number stands for a record's scores?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from provenance.errors import InputError, MismatchError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from provenance.scoring import Scores


def mean_logprob(scores: Scores) -> NDArray[np.float64]:
    """Mean log-probability of each record: a token where ids were scored, a character where text was, else the sum.

    Returns
    -------
    Nats, shape ``(n,)``, in the order of ``scores.rows``; NaN where nothing was scored.
    """
    units = np.ones(len(scores.rows))
    if scores.rendering == "tokens":
        units = np.array([max(len(row.logprob), 1) for row in scores.rows], dtype=np.float64)
    elif scores.rendering == "text":
        units = np.array([max(row.ends[-1], 1) if row.ends else 1 for row in scores.rows], dtype=np.float64)
    mean: NDArray[np.float64] = total_logprob(scores) / units
    return mean


def total_logprob(scores: Scores) -> NDArray[np.float64]:
    """Log-probability of each whole record, in nats, shape ``(n,)``; NaN where nothing was scored."""
    lengths = np.array([len(row.logprob) for row in scores.rows], dtype=np.int64)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    total = np.bincount(owner, weights=_flat(scores), minlength=len(lengths)).astype(np.float64)
    total[lengths == 0] = np.nan
    return total


def _flat(scores: Scores) -> NDArray[np.float64]:
    """Give every log-probability, one record after the other."""
    return np.concatenate([*(row.logprob for row in scores.rows), []], dtype=np.float64)


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
    if not np.isfinite(_flat(scores)).all():
        refuse([row.id for row in scores.rows if not np.isfinite(row.logprob).all()], scores)


def refuse(bad: Sequence[str], scores: Scores) -> None:
    """Raise for ids whose log-probabilities are NaN or infinite, if there are any."""
    if bad:
        raise InputError(
            f"{len(bad)} records have NaN or infinite log-probabilities: {', '.join(bad[:3])}",
            path=str(scores.suspect["suspect"]),
            expected="finite natural logarithms",
        )
