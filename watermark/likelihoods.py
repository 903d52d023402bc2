"""How likely did a model find each variant of each document, beyond what others found of it?

What is taken out is fitted on all variants alike, so it knows nothing of which was published: references with weights
of at least 0, and the length of the text where no reference has the suspect's own tokenizer, since a variant of more
tokens is less likely to every model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize

from provenance.audits import signals
from provenance.errors import MismatchError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from provenance.scoring import Scores

Name = tuple[str, str]
"""Set and id of a document."""
LENGTH = "length of the text,"
"""How a method says that it is taken out."""
FIRST_FIT = 16
"""Documents before the first fit of a walk; to those the references count in equal parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """One row a document, one column a variant, column 0 published; NaN where a document has no such variant."""

    own: NDArray[np.float64]
    """Log-likelihood by the suspect, in nats."""
    references: tuple[NDArray[np.float64], ...] = ()
    """Log-likelihood by each reference."""
    length: NDArray[np.float64] | None = None
    """How many tokens the suspect read, where that is taken out as well."""

    @property
    def others(self) -> tuple[NDArray[np.float64], ...]:
        """What is taken out."""
        return self.references if self.length is None else (*self.references, self.length)

    @property
    def twins(self) -> tuple[bool, ...]:
        """Say which references gave the very answers of the suspect."""
        return tuple(np.array_equal(self.own, other, equal_nan=True) for other in self.references)

    @property
    def lowest(self) -> list[float]:
        """Smallest weights: a reference that itself read the release must not accuse others; a length has any sign."""
        return [0.0] * len(self.references) + [-np.inf] * (self.length is not None)

    @property
    def what(self) -> str:
        """Say what is taken out."""
        named = ["references, coefficients ≥ 0,"] * bool(self.references) + [LENGTH] * (self.length is not None)
        return " and ".join(named)


def gather(
    counts: Mapping[Name, int], scores: Scores, references: Sequence[Scores], *, lengths: bool = True
) -> Answers:
    """Lay out what was answered about the first so many variants of each document.

    Parameters
    ----------
    lengths
        Take the length out beside references of other tokenizers; without references it is always taken out.

    Raises
    ------
    MismatchError
        If an answer is missing.
    InputError
        If log-probabilities are not finite.
    """
    return Answers(
        own=_matrix(counts, scores, signals.total_logprob(scores)),
        references=tuple(_matrix(counts, one, signals.total_logprob(one)) for one in references),
        length=None
        if references and not (lengths and _cut_otherwise(scores, references))
        else _lengths(counts, scores),
    )


def _lengths(counts: Mapping[Name, int], scores: Scores) -> NDArray[np.float64]:
    return _matrix(counts, scores, np.array([len(row.logprob) for row in scores.rows], dtype=np.float64))


def _cut_otherwise(scores: Scores, references: Sequence[Scores]) -> bool:
    """Say whether no reference is known to have the suspect's tokenizer; nobody knows a length of sums.

    By what was settled before anybody was asked, so that a walk that goes on never changes what it said. Of tokenizers
    that nobody told, such as those behind a server, none is another's.
    """
    own, others = scores.suspect.get("tokenizer"), {one.suspect.get("tokenizer") for one in references}
    return scores.rendering in signals.BY_TOKEN and (own is None or own not in others)


def residual(answers: Answers) -> tuple[NDArray[np.float64], tuple[float, ...]]:
    """Take the others out, with weights fitted on all documents at once.

    Returns
    -------
    Residuals of the shape of ``answers.own``, and the weight of each of the others.
    """
    weights = _fit(answers, len(answers.own))
    return _without(answers, weights), tuple(weights.tolist())


def walked_residual(answers: Answers) -> NDArray[np.float64]:
    """Take the others out of each document with weights fitted on earlier ones, anew whenever their number doubles.

    The first n rows depend on the first n documents only, so a walk that goes on never changes what it said.
    """
    count = len(answers.references)
    weights = np.zeros((len(answers.own), len(answers.others)))
    weights[:, :count] = 1 / max(count, 1)
    first = FIRST_FIT
    while first < len(weights):
        weights[first : 2 * first] = _fit(answers, first)
        first *= 2
    return _without(answers, weights.T[:, :, None])


def _without(answers: Answers, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    left = answers.own.copy()
    for weight, other in zip(weights, answers.others, strict=True):
        left -= weight * other
    return left


def _fit(answers: Answers, documents: int) -> NDArray[np.float64]:
    centred = [
        part[:documents] - np.nanmean(part[:documents], axis=1, keepdims=True)
        for part in (answers.own, *answers.others)
    ]
    present = ~np.isnan(centred[0])
    q, r = np.linalg.qr(np.column_stack([part[present] for part in centred[1:]]))
    bounds, wanted = (answers.lowest, np.inf), q.T @ centred[0][present]
    weights: NDArray[np.float64] = optimize.lsq_linear(r, wanted, bounds=bounds, method="bvls").x
    return weights


def _matrix(counts: Mapping[Name, int], scores: Scores, values: NDArray[np.float64]) -> NDArray[np.float64]:
    signals.check_finite(scores)
    by_key = signals.by_record(scores, np.nan_to_num(values))
    table = np.full((len(counts), max(counts.values(), default=0)), np.nan)
    alone = len({name for name, _ in counts}) == 1
    for row, ((name, id_), asked) in enumerate(counts.items()):
        for variant in range(asked):
            value = by_key.get((name, id_, variant), by_key.get((None, id_, variant)) if alone else None)
            if value is None:
                raise MismatchError(
                    f"no score of document {id_!r}, variant {variant}, from {scores.suspect['suspect']}",
                    expected="a score for every variant that is asked about",
                    hint="provtool score LEDGER again",
                )
            table[row, variant] = value
    return table
