"""Was the suspect trained on this release?

Null: the suspect is independent of the key. Then, whatever its biases, and even if it saw the originals or another
release, which of a document's M + 1 variants was published is uniform, independently over documents: the key drew it.
A published variant more likely than its alternates speaks for the claim.

The mark is after LexiMark (arXiv 2506.14474); the keyed alternates, which make the test exact, are ours.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from provenance.audits import decision, gates, reliance, stopping
from provenance.errors import InputError
from provenance.evidence import (
    DEFAULT_ALPHA,
    Commitment,
    Evidence,
    Gate,
    LogP,
    Statistic,
    check_alpha,
)
from provenance.records import generator
from provenance.stats import products, redraw
from watermark import comparison, copies, dealing, passes, queries, telling
from watermark import ledger as ledgers

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from provenance.audits.stopping import Ask, Early
    from provenance.scoring import Scores
    from provenance.stats.betting import Capital
    from watermark.comparison import Comparison
    from watermark.keys import Key
    from watermark.ledger import Ledger
    from watermark.queries import Name

DEFAULT_RESAMPLES = 9_999
NULL = (
    "The suspect is independent of the key: which variant of each document was published is uniform among the variants "
    "the key dealt, independently over documents, whatever else the suspect has seen."
)
BOUND = "Chernoff bound over the law of the redraw, rigorous, no floor"


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
    most: int | None = None,
    edited: Collection[Name] = (),
    lengths: bool = True,
    early: Early | None = None,
) -> Evidence:
    """Audit one suspect against one release or several of one owner.

    Parameters
    ----------
    released
        Ledgers by `watermark.ledger.read`.
    scores
        What the suspect said of every variant, or of those that `watermark.queries.choose` chose.
    references
        What models independent of the key said of them: they take out what is merely unlikely wording.
    key
        Deal every choice again and compare; None trusts the ledger.
    alpha, resamples, seed
        As in `provenance.audits.order.audit`.
    commitments
        To the ledgers, by `provenance.commitments`; without a witnessed one a caveat says so.
    most
        Compare no more than so many texts, chosen by `watermark.queries`; None compares every variant.
    edited
        Documents whose published text is not what was dealt, by `watermark.edits`: they count as if the least
        favourable variant had been dealt.
    lengths
        Take the length of the text out beside references of other tokenizers, as `watermark.likelihoods` says.
    early
        Where `ask_early` stopped, with the same `most`, `seed` and `edited`: the capital decides.

    Returns
    -------
    Evidence decided by the redraw p-value; Chernoff bound, e-value and win rate stand beside it. After an early stop it
    is decided by 1/max E, and nothing that presumes a fixed number of documents stands beside it.

    Raises
    ------
    MismatchError
        If key, ledger and scores do not belong together.
    InputError
        If log-probabilities are not finite, or a ledger was dealt without a key.
    """
    check_alpha(alpha)
    books = _checked(released, key)
    rng = generator(seed, *(book.sha256 for book in books), scores.sha256, *(one.sha256 for one in references))
    chosen = queries.choose(books, most=most, seed=seed)
    apart: dict[str, Any] = {"edited": edited, "lengths": lengths}
    if early is None:
        found = comparison.compare(chosen.counts, scores, references, resamples=resamples, rng=rng, **apart)
    else:
        walk = passes.lay_out(books, most=most, seed=seed)
        found = comparison.compare_early(walk, scores, references, steps=early.asked, **apart)
        early = replace(early, asked=len(found.residual), of=len({step.name for step in walk.steps}))
    if not found.sound.any():
        raise InputError("every document that was asked about was edited after it was marked", path=books[0].path)
    wins = redraw.win_rate(found.plain)
    decided = _decided(found, resamples=resamples, alpha=alpha, gates=_gates(found, scores, references, alpha=alpha))
    bare = None
    if references and early is None:
        own = rng.spawn(1)[0]
        bare = comparison.unreferenced(chosen.counts, scores, edited=edited, resamples=resamples, rng=own)
    owed = reliance.caveats(decided["log10_pvalue"], bare, alpha=alpha)
    return Evidence(
        audit="watermark",
        claim=telling.claim(books),
        null=NULL,
        **decided,
        n=len(found.residual),
        pvalue_method=telling.method(found, scores),
        unreferenced=bare,
        bound=None if found.bound is None else LogP(log10_pvalue=found.bound, method=BOUND),
        statistic=Statistic(name="published-minus-alternates", value=found.statistic),
        effect=telling.advantage(found.plain),
        auroc=telling.auroc(wins),
        caveats=(
            *telling.caveats(found, wins, commitments, references),
            *owed,
            *(telling.stopped_early(found, early) if early else ()),
        ),
        commitments=tuple(commitments),
        inputs=_inputs(books, scores, references),
        suspect={**scores.suspect, "rendering": scores.rendering, "window": scores.window},
        references=tuple(dict(reference.suspect) for reference in references),
        seed=seed,
        selection=None if most is None else telling.selection(chosen),
        stopped=early.summary() if early else None,
        plots=telling.drawn(found, rng),
    )


def ask_early(
    released: Ledger | Sequence[Ledger],
    ask: Ask,
    *,
    alpha: float = DEFAULT_ALPHA,
    seed: int = 0,
    most: int | None = None,
    edited: Collection[Name] = (),
    lengths: bool = True,
) -> Early:
    """Ask about document after document, pairs first, until betting has made 1/α or nothing is left to ask.

    Hand what comes back to `audit`: its scores, its references, and itself as `early`.

    Parameters
    ----------
    ask
        Who is asked: gives the answers of the suspect and of every reference to some records.
    alpha, seed, most, edited, lengths
        As for `audit`, and the same for both.
    """
    walk = passes.lay_out(_checked(released, None), most=most, seed=seed)

    def capital(scores: Scores, references: tuple[Scores, ...], steps: int) -> Capital:
        return passes.capital(walk, scores, references, steps, edited=edited, lengths=lengths)

    return stopping.walk([step.records for step in walk.steps], ask, capital=capital, alpha=alpha)


def _checked(released: Ledger | Sequence[Ledger], key: Key | None) -> tuple[Ledger, ...]:
    books = (released,) if isinstance(released, ledgers.Ledger) else tuple(released)
    for book in books:
        dealing.check_exact(book)
        if key is not None:
            dealing.check_deals(book, key)
    return copies.apart(books)


def _decided(found: Comparison, *, resamples: int, alpha: float, gates: Sequence[Gate]) -> decision.Decided:
    if found.test is not None:
        return decision.by_permutation(found.test.pvalue, found.capital, resamples=resamples, alpha=alpha, gates=gates)
    decided = decision.by_capital(found.capital, alpha=alpha, gates=gates)
    if found.joined:
        method = f"{found.capital.method}; at the stop, what the p-value is worth (mean of κ p^(κ−1))"
        worth = products.calibrated_log10(decided["log10_pvalue"])
        decided["evalue"] = replace(decided["evalue"], log10=worth, method=method)
    return decided


def _gates(found: Comparison, scores: Scores, references: Sequence[Scores], *, alpha: float) -> tuple[Gate, ...]:
    return (
        gates.enough(len(found.residual)),
        gates.reach(found.log10_floor, alpha=alpha),
        gates.independent(scores.suspect, [reference.suspect for reference in references], twins=found.twins),
    )


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
