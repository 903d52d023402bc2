"""How is what was compared told as evidence: the claim, the method, what is drawn, and what to keep in mind?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special, stats

from provenance.audits import plots
from provenance.evidence import OWNER_CAVEAT, Auroc, Commitment, Effect, Plot
from provenance.stats import redraw
from watermark import queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from provenance.audits.stopping import Early
    from provenance.scoring import Scores
    from watermark.comparison import Comparison
    from watermark.ledger import Ledger
    from watermark.queries import Queries

CLAIM = "The suspect was trained on this watermarked release, or on text derived from it."
PRIVATE = "The alternates must have stayed private: had a suspect trained on them too, the test would have less power."
APART = (
    "Second and later alternates were asked after the first pass, apart from the published variants: an answer that "
    "hangs on when or in which batch a text is asked, by more than rounding, would tell them apart."
)
EDITED = (
    "what was dealt to them no longer stands there, and leaving them out could select on what was dealt; each counts "
    "against the claim, as if its least favourable variant had been dealt, and none of them is described."
)


def claim(books: Sequence[Ledger]) -> str:
    """Say what is claimed: of a release, or of recipients' copies."""
    recipients = {book.recipient for book in books}
    if recipients == {None}:
        return CLAIM
    whose = " and ".join(sorted(repr(one) for one in recipients if one))
    return (
        f"The suspect was trained on the copy of this watermarked release made for {whose}, or on text derived from it."
    )


def method(found: Comparison, scores: Scores) -> str:
    """Say how the p-value came about, with every setting."""
    test = found.test.method if found.test else f"1/highest capital at any look; {found.capital.method}"
    return (
        f"{test}; score=log-likelihood of the whole text (rendering={scores.rendering}); {found.residual_method}; "
        "statistic=Σ (published − mean)/√sd over the variants of a document"
    )


def selection(chosen: Queries) -> dict[str, Any]:
    """Say which texts were asked about, of how many."""
    return {"rule": chosen.method, "asked": len(chosen.counts), "of": chosen.documents, "texts": chosen.texts}


def advantage(residual: NDArray[np.float64], *, level: float = 0.95) -> Effect:
    """Mean over documents of the published variant's log-likelihood over that of its alternates, in nats."""
    gaps = residual[:, 0] - np.nanmean(residual[:, 1:], axis=1)
    se = float(stats.sem(gaps)) if len(gaps) > 1 else 0.0
    half = float(special.stdtrit(max(len(gaps) - 1, 1), (1 + level) / 2)) * se
    mean = float(gaps.mean())
    return Effect(name="nats-per-document", value=mean, low=mean - half, high=mean + half, level=level)


def auroc(wins: redraw.WinRate) -> Auroc:
    """Give the win rate as what it is: an area under a curve within documents."""
    return Auroc(
        value=wins.value,
        low=wins.low,
        high=wins.high,
        level=wins.level,
        positives=wins.documents,
        negatives=wins.alternates,
    )


def caveats(
    found: Comparison, wins: redraw.WinRate, commitments: Sequence[Commitment], references: Sequence[Scores]
) -> tuple[str, ...]:
    """Say what a reader has to keep in mind."""
    notes = [
        (
            "The AUROC is the share of its own document's alternates that a published variant beats; it is not "
            f"comparable with the pooled AUROC of papers. Ties, counted half: {wins.ties:.1%}."
        ),
        PRIVATE,
    ]
    if edited := int(np.count_nonzero(~found.sound)):
        notes.append(f"{edited} of {len(found.sound)} documents were edited after embedding: {EDITED}")
    if not any(commitment.witness for commitment in commitments):
        notes.append(OWNER_CAVEAT)
    if not references:
        notes.append(
            "No reference was given: the test holds all the same, with less power. The length of each variant was "
            "taken out in its place."
        )
    return tuple(notes)


def stopped_early(found: Comparison, early: Early) -> tuple[str, ...]:
    """Say what more is to be kept in mind of an early stop."""
    asked_apart = found.residual.shape[1] > queries.PAIR and not early.replayed
    return (*early.caveats(), *((APART,) if asked_apart else ()))


def drawn(found: Comparison, rng: np.random.Generator) -> tuple[Plot, ...]:
    """Draw what a reader needs to see."""
    ranks = plots.bars("rank-histogram", redraw.rank_counts(found.plain, rng=rng))
    null = () if found.test is None else (plots.histogram("permutation-null", found.test.null),)
    return (ranks, *null, plots.growth(found.capital))
