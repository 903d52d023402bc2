"""What do a suspect's answers about a release amount to, before words are put to it?"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from provenance.audits import reliance
from provenance.evidence import LogP
from provenance.records import hash_order
from provenance.stats import betting, redraw
from watermark import likelihoods, passes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from provenance.scoring import Scores
    from watermark.passes import Walk
    from watermark.queries import Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Published variants against their alternates; documents in the order of a hash."""

    residual: NDArray[np.float64]
    """Log-likelihood of each variant after what was taken out, in nats, shape ``(documents, variants)``; column 0
    published, NaN where a document has no such variant or was not asked about it."""
    sound: NDArray[np.bool_]
    """Whether the document was published as dealt, shape ``(documents,)``."""
    residual_method: str
    statistic: float
    test: redraw.RedrawTest | None
    """None after an early stop, which no redraw knows of; so is the bound."""
    bound: float | None
    capital: betting.Capital
    joined: bool
    """Whether capitals of several passes were joined: its last value is then no e-value."""
    log10_floor: float
    """No p-value of these documents could be smaller."""
    twins: tuple[bool, ...]
    """Which references gave the very answers of the suspect."""

    @property
    def plain(self) -> NDArray[np.float64]:
        """Residuals of the documents that were published as dealt: what may be described."""
        return self.residual[self.sound]


def compare(
    counts: Mapping[Name, int],
    scores: Scores,
    references: Sequence[Scores],
    *,
    edited: Collection[Name] = (),
    lengths: bool = True,
    resamples: int,
    rng: np.random.Generator,
) -> Comparison:
    """Compare the first so many variants of each document, settled before anybody was asked."""
    found, centred = _centred(counts, scores, references, edited, lengths=lengths)
    return replace(
        found,
        test=redraw.redraw_test(centred, resamples=resamples, rng=rng),
        bound=redraw.chernoff_log10(centred),
        capital=betting.redraw_capital(centred),
    )


def unreferenced(
    counts: Mapping[Name, int],
    scores: Scores,
    *,
    edited: Collection[Name] = (),
    resamples: int,
    rng: np.random.Generator,
) -> LogP:
    """Make the test of `compare` without any reference."""
    _, centred = _centred(counts, scores, (), edited)
    test = redraw.redraw_test(centred, resamples=resamples, rng=rng)
    return LogP(log10_pvalue=math.log10(test.pvalue), method=reliance.METHOD)


def compare_early(
    walk: Walk,
    scores: Scores,
    references: Sequence[Scores],
    *,
    steps: int,
    edited: Collection[Name] = (),
    lengths: bool = True,
) -> Comparison:
    """Compare what was asked in the first so many steps of a walk; the capital is all that decides."""
    found, _ = _centred(walk.counts(steps), scores, references, edited, lengths=lengths)
    capital = passes.capital(walk, scores, references, steps, edited=edited, lengths=lengths)
    return replace(found, capital=capital, joined=len(walk.weights) > 1)


def _centred(
    counts: Mapping[Name, int],
    scores: Scores,
    references: Sequence[Scores],
    edited: Collection[Name],
    *,
    lengths: bool = True,
) -> tuple[Comparison, NDArray[np.float64]]:
    names = list(counts)
    names = [names[row] for row in hash_order(["\x00".join(name) for name in names])]
    answers = likelihoods.gather({name: counts[name] for name in names}, scores, references, lengths=lengths)
    residual, weights = likelihoods.residual(answers)
    sound = np.array([name not in edited for name in names])
    centred = redraw.least_favourable(redraw.centre(residual), (~sound).tolist())
    spelt = ", ".join(f"{weight:.4f}" for weight in weights)
    comparison = Comparison(
        residual=residual,
        sound=sound,
        residual_method=f"residual=minus {answers.what} × [{spelt}], fitted on all variants alike",
        statistic=float(centred[:, 0].sum()),
        test=None,
        bound=None,
        capital=betting.Capital(path=np.zeros(0), method=""),
        joined=False,
        log10_floor=redraw.log10_floor(centred),
        twins=answers.twins,
    )
    return comparison, centred
