"""Was the suspect trained on this release?

Null: the suspect is independent of the key. Then, whatever its biases, and even if it saw the originals or another
release, which of a document's M + 1 variants was published is uniform, independently over documents: the key drew it.
A published variant more likely than its alternates speaks for the claim.

The mark is after LexiMark (arXiv 2506.14474); the keyed alternates, which make the test exact, are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special, stats

from provenance.audits import decision, gates, plots, signals
from provenance.errors import MismatchError
from provenance.evidence import (
    DEFAULT_ALPHA,
    OWNER_CAVEAT,
    Auroc,
    Commitment,
    Effect,
    Evidence,
    LogP,
    Statistic,
)
from provenance.records import generator, hash_order
from provenance.stats import betting, redraw
from watermark import ledger as ledgers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from provenance.scoring import Scores
    from watermark.keys import Key
    from watermark.ledger import Ledger

DEFAULT_RESAMPLES = 9_999
CLAIM = "The suspect was trained on this watermarked release, or on text derived from it."
NULL = (
    "The suspect is independent of the key: which variant of each document was published is uniform among the variants "
    "the key dealt, independently over documents, whatever else the suspect has seen."
)
PRIVATE = "The alternates must have stayed private: had a suspect trained on them too, the test would have less power."


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything that was computed about one suspect, before words are put to it."""

    residual: NDArray[np.float64]
    """Log-likelihood of each variant after references, in nats, shape ``(documents, variants)``; column 0 published."""
    coefficients: tuple[float, ...]
    """Weight of each reference, at least 0."""
    test: redraw.RedrawTest
    bound: float
    capital: betting.Capital


def audit(
    released: Ledger | Sequence[Ledger],
    scores: Scores,
    *,
    references: Sequence[Scores] = (),
    key: Key | None = None,
    alpha: float = DEFAULT_ALPHA,
    resamples: int = DEFAULT_RESAMPLES,
    seed: int = 0,
    commitments: Sequence[Commitment] = (),
) -> Evidence:
    """Audit one suspect against one release or several of one owner.

    Parameters
    ----------
    released
        Ledgers by `watermark.ledger.read`.
    scores
        What the suspect said of every variant, by `provenance.score`.
    references
        What models independent of the key said of them: they take out what is merely unlikely wording.
    key
        Deal every choice again and compare; None trusts the ledger.
    alpha, resamples, seed
        As in `provenance.audits.order.audit`.

    Returns
    -------
    Evidence decided by the redraw p-value; Chernoff bound, e-value and win rate stand beside it.

    Raises
    ------
    MismatchError
        If key, ledger and scores do not belong together.
    InputError
        If log-probabilities are not finite, or a ledger was dealt without a key.
    """
    books = (released,) if isinstance(released, ledgers.Ledger) else tuple(released)
    ledgers.check_distinct(books)
    for book in books:
        ledgers.check_exact(book)
        if key is not None:
            ledgers.check_deals(book, key)
    rng = generator(seed, *(book.sha256 for book in books), scores.sha256, *(one.sha256 for one in references))
    found = _compare(books, scores, references, resamples=resamples, rng=rng)
    checks = (
        gates.enough(len(found.residual)),
        gates.reach(found.test.log10_floor, alpha=alpha),
        gates.independent(scores.suspect, [reference.suspect for reference in references]),
    )
    wins = redraw.win_rate(found.residual)
    return Evidence(
        audit="watermark",
        claim=CLAIM,
        null=NULL,
        **decision.by_permutation(found.test.pvalue, found.capital, resamples=resamples, alpha=alpha, gates=checks),
        n=len(found.residual),
        pvalue_method=_method(found, scores),
        bound=LogP(log10_pvalue=found.bound, method="Chernoff bound over the law of the redraw, rigorous, no floor"),
        statistic=Statistic(name="published-minus-alternates", value=found.test.statistic),
        effect=_advantage(found.residual),
        auroc=Auroc(
            value=wins.value,
            low=wins.low,
            high=wins.high,
            level=wins.level,
            positives=wins.documents,
            negatives=wins.alternates,
        ),
        caveats=_caveats(wins, commitments, references),
        commitments=tuple(commitments),
        inputs=_inputs(books, scores, references),
        suspect={**scores.suspect, "rendering": scores.rendering, "window": scores.window},
        references=tuple(dict(reference.suspect) for reference in references),
        seed=seed,
        plots=(
            plots.bars("rank-histogram", redraw.rank_counts(found.residual, rng=rng)),
            plots.histogram("permutation-null", found.test.null),
            plots.growth(found.capital),
        ),
    )


def _compare(
    books: Sequence[Ledger],
    scores: Scores,
    references: Sequence[Scores],
    *,
    resamples: int,
    rng: np.random.Generator,
) -> Comparison:
    names = [(book.release, document.id) for book in books for document in book.documents]
    sizes = [document.variants for book in books for document in book.documents]
    walk = hash_order(["\x00".join(name) for name in names])
    table = _matrix(names, sizes, scores)[walk]
    others = [_matrix(names, sizes, reference)[walk] for reference in references]
    residual, coefficients = _residual(table, others)
    centred = redraw.centre(residual)
    return Comparison(
        residual=residual,
        coefficients=coefficients,
        test=redraw.redraw_test(centred, resamples=resamples, rng=rng),
        bound=redraw.chernoff_log10(centred),
        capital=betting.redraw_capital(centred),
    )


def _matrix(names: Sequence[tuple[str, str]], sizes: Sequence[int], scores: Scores) -> NDArray[np.float64]:
    """Log-likelihoods, one row a document, one column a variant, NaN where a document has no such variant."""
    signals.check_finite(scores)
    by_key = signals.by_record(scores, np.nan_to_num(signals.total_logprob(scores)))
    table = np.full((len(names), max(sizes)), np.nan)
    for row, ((release, id_), size) in enumerate(zip(names, sizes, strict=True)):
        for variant in range(size):
            value = by_key.get((release, id_, variant), by_key.get((None, id_, variant)))
            if value is None:
                raise MismatchError(
                    f"no score of document {id_!r}, variant {variant}, from {scores.suspect['suspect']}",
                    expected="a score for every variant",
                    hint="provtool score LEDGER again",
                )
            table[row, variant] = value
    return table


def _residual(
    table: NDArray[np.float64], others: Sequence[NDArray[np.float64]]
) -> tuple[NDArray[np.float64], tuple[float, ...]]:
    """Take references out, with weights of at least 0 fitted on all variants alike, blind to which was published."""
    if not others:
        return table, ()
    centred = [part - np.nanmean(part, axis=1, keepdims=True) for part in (table, *others)]
    present = ~np.isnan(table)
    design = np.column_stack([part[present] for part in centred[1:]])
    q, r = np.linalg.qr(design)
    weights = _nonnegative(r, q.T @ centred[0][present])
    return table - sum(weight * other for weight, other in zip(weights, others, strict=True)), tuple(weights)


def _nonnegative(r: NDArray[np.float64], y: NDArray[np.float64]) -> list[float]:
    weights: list[float] = optimize.lsq_linear(r, y, bounds=(0, np.inf), method="bvls").x.tolist()
    return weights


def _method(found: Comparison, scores: Scores) -> str:
    weights = ", ".join(f"{weight:.4f}" for weight in found.coefficients)
    return (
        f"{found.test.method}; score=log-likelihood of the whole text (rendering={scores.rendering}); "
        f"residual=minus references × [{weights}] (coefficients ≥ 0, fitted on all variants); "
        "statistic=Σ (published − mean)/√sd over the variants of a document"
    )


def _advantage(residual: NDArray[np.float64], *, level: float = 0.95) -> Effect:
    """Mean over documents of the published variant's log-likelihood over that of its alternates, in nats."""
    gaps = residual[:, 0] - np.nanmean(residual[:, 1:], axis=1)
    se = float(stats.sem(gaps)) if len(gaps) > 1 else 0.0
    half = float(special.stdtrit(max(len(gaps) - 1, 1), (1 + level) / 2)) * se
    mean = float(gaps.mean())
    return Effect(name="nats-per-document", value=mean, low=mean - half, high=mean + half, level=level)


def _caveats(wins: redraw.WinRate, commitments: Sequence[Commitment], references: Sequence[Scores]) -> tuple[str, ...]:
    notes = [
        (
            "The AUROC is the share of its own document's alternates that a published variant beats; it is not "
            f"comparable with the pooled AUROC of papers. Ties, counted half: {wins.ties:.1%}."
        ),
        PRIVATE,
    ]
    if not any(commitment.witness for commitment in commitments):
        notes.append(OWNER_CAVEAT)
    if not references:
        notes.append("No reference was given: the test holds all the same, with less power.")
    return tuple(notes)


def _inputs(books: Sequence[Ledger], scores: Scores, references: Sequence[Scores]) -> dict[str, str]:
    return {
        **ledger_inputs(books),
        "scores": scores.sha256,
        **{f"reference-{index}": reference.sha256 for index, reference in enumerate(references, start=1)},
    }


def ledger_inputs(books: Sequence[Ledger]) -> dict[str, str]:
    """Name the digests of ledgers as scores and evidence name them."""
    if len(books) == 1:
        return {"ledger": books[0].sha256}
    return {f"ledger-{index}": book.sha256 for index, book in enumerate(books, start=1)}
