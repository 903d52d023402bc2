"""Does the suspect derive from the run whose order this transcript records?

Null: given the examples and all that the suspect says, positions are exchangeable over the units that were shuffled.
It holds by design when the recorded order was a random shuffle and the suspect is independent of it, even if it was
trained on the same examples in another order. Late examples more likely than the rest speaks for the claim.

After "Blackbox Model Provenance via Palimpsestic Membership Inference" (arXiv 2510.19796), with residuals, a recency
family and exact p-values in place of Spearman's asymptotic one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from provenance.audits import examples, gates, neighbours, reliance, residuals, stopping, traces
from provenance.audits import selection as selecting
from provenance.errors import MismatchError
from provenance.evidence import DEFAULT_ALPHA, OWNER_CAVEAT, Commitment, Evidence, Gate, Statistic, check_alpha
from provenance.records import generator
from provenance.stats import recency
from provenance.transcripts import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenance.audits.selection import Selection
    from provenance.audits.stopping import Ask, Early
    from provenance.audits.traces import Trace
    from provenance.scoring import Scores
    from provenance.stats import betting
    from provenance.transcripts.tables import Transcript

DEFAULT_RESAMPLES = 9_999
CLAIM = "The suspect derives from the run that consumed its training data in this recorded order."
NULL = (
    "Given the training examples and everything the suspect says, their positions are exchangeable over the units that "
    "were shuffled: the suspect is independent of this order, even if it saw the same examples."
)
IN_COMMON = "a unit of the transcript"
"""How a method says that all were counted by the same units."""
SIBLINGS = (
    "The finding speaks of this order, not of one model: sibling models trained in the same order, or anyone who "
    "streamed the same pre-shuffled files, share it."
)


def audit(
    transcript: Transcript,
    scores: Scores,
    *,
    references: Sequence[Scores] = (),
    alpha: float = DEFAULT_ALPHA,
    resamples: int = DEFAULT_RESAMPLES,
    seed: int = 0,
    commitments: Sequence[Commitment] = (),
    selection: Selection | None = None,
    in_common: bool = True,
    early: Early | None = None,
) -> Evidence:
    """Audit one suspect against one recorded order.

    Parameters
    ----------
    transcript
        Examples with positions, by `provenance.transcripts.tables.read`.
    scores
        What the suspect said of them, by `provenance.score`.
    references
        What models independent of this order said of them: they take out what is merely hard text.
    alpha
        Level of the verdict.
    resamples
        Shuffles; the floor of the p-value is 1/(resamples + 1). From 100,000 units in one stratum on all shifts of one
        relabelling stand in their place, and the floor is one over the number of units.
    seed
        Joined with the digests of the inputs, and with ids for the order of the walk.
    commitments
        To the transcript, by `provenance.commitments`; without a witnessed one a caveat says so.
    selection
        Which rows take part; None for all. Scores of others are not looked at, and need not be there.
    in_common
        Compare suspect and references of different tokenizers in units that they share, as
        `provenance.audits.examples.join` says.
    early
        Where `ask_early` stopped: scores and references are then of the rows asked, and the capital decides.

    Returns
    -------
    Evidence decided by the permutation p-value; e-value, asymptotic tail, ρ and AUROC stand beside it. After an early
    stop it is decided by 1/max E, and nothing that presumes a fixed number of rows stands beside it.

    Raises
    ------
    InputError, MismatchError
        If scores are missing or not finite, or positions are all equal.
    """
    check_alpha(alpha)
    digests = (transcript.sha256, scores.sha256, *(reference.sha256 for reference in references))
    rng = generator(seed, *digests)
    layout = selecting.choose(transcript, selection, seed=seed)
    asked = early.asked if early else None
    units = examples.gather(transcript, scores, references, layout=layout, asked=asked, in_common=in_common)
    trace = traces.compute(transcript, units, resamples=None if early else resamples, rng=rng)
    checks = _gates(transcript, scores, references, trace, alpha=alpha, rng=rng)
    area, rates, missing = traces.separation(trace)
    decided, bare = traces.decided(trace, alpha=alpha, gates=checks), traces.unreferenced(trace, rng=rng.spawn(1)[0])
    owed = reliance.caveats(decided["log10_pvalue"], bare, alpha=alpha)
    return Evidence(
        audit="order",
        claim=CLAIM,
        null=NULL,
        **decided,
        n=len(trace.residual),
        pvalue_method=_method(trace, scores, references, selection),
        asymptotic=traces.asymptotic(trace),
        unreferenced=bare,
        statistic=Statistic(name=f"recency-max:{recency.NAMES[trace.member]}", value=trace.statistic),
        effect=traces.correlation(trace),
        effects=(traces.nats(trace),),
        auroc=area,
        tpr_at_fpr=rates,
        caveats=(*_caveats(transcript, trace, commitments), *owed, *missing, *(early.caveats() if early else ())),
        commitments=tuple(commitments),
        inputs=_inputs(transcript, scores, references),
        suspect={**scores.suspect, "rendering": scores.rendering, "window": scores.window},
        references=_references(trace, references),
        seed=seed,
        selection=selecting.summary(selection, layout, transcript) if selection else None,
        stopped=early.summary() if early else None,
        plots=traces.drawn(trace),
    )


def ask_early(
    transcript: Transcript,
    ask: Ask,
    *,
    window: str | None,
    alpha: float = DEFAULT_ALPHA,
    seed: int = 0,
    selection: Selection | None = None,
    in_common: bool = True,
) -> Early:
    """Ask about unit after unit, in the order of a hash, until betting has made 1/α or nothing is left to ask.

    Hand what comes back to `audit`: its scores, its references, and itself as `early`.

    Parameters
    ----------
    ask
        Who is asked: gives the answers of the suspect and of every reference to some records.
    window
        What of each record is scored, as `provenance.scoring.Scores` has it.
    alpha, seed, selection, in_common
        As for `audit`, and the same for both.
    """
    layout = selecting.choose(transcript, selection, seed=seed)
    known = examples.know(transcript, layout, window=window)
    records = tables.some(transcript, layout.rows)
    blocks = [records[low:high] for low, high in zip(layout.edges[:-1], layout.edges[1:], strict=True)]

    def capital(scores: Scores, references: tuple[Scores, ...], asked: int) -> betting.Capital:
        if scores.window != window:
            raise MismatchError(f"scores of window {scores.window}", expected=f"window {window}")
        units = examples.join(transcript, known, scores, references, asked=asked, in_common=in_common)
        return traces.bet(transcript, units)

    return stopping.walk(blocks, ask, capital=capital, alpha=alpha)


def _method(trace: Trace, scores: Scores, references: Sequence[Scores], selection: Selection | None) -> str:
    shared = f" {IN_COMMON}" if trace.units.in_common else ""
    features = (*examples.FEATURES, *examples.EXTENTS)[: trace.units.features.shape[1]]
    rows = f"; rows={selection.rule}(queries={selection.queries})" if selection else ""
    test = trace.test.method if trace.test else f"1/highest capital at any look; {trace.capital.method}"
    return (
        f"{test}; score=mean log-probability{shared} (rendering={scores.rendering}, window={scores.window}); "
        f"residual=least squares on {len(references)} references (coefficients ≥ 0) and {', '.join(features)} "
        f"({residuals.FOLDS} folds by hash); statistic=Σ g(t)·normal score, g in {', '.join(recency.NAMES)}{rows}"
    )


def _gates(
    transcript: Transcript,
    scores: Scores,
    references: Sequence[Scores],
    trace: Trace,
    *,
    alpha: float,
    rng: np.random.Generator,
) -> tuple[Gate, ...]:
    twins = [np.array_equal(trace.units.scores, column) for column in trace.units.references.T]
    return (
        gates.shuffle(transcript.shuffle),
        gates.enough(len(trace.units.scores)),
        gates.varied(trace.residual),
        gates.independent(scores.suspect, [reference.suspect for reference in references], twins=twins),
        gates.reach(trace.log10_floor, alpha=alpha),
        *traces.drifts(trace, rng=rng),
        *neighbours.alike(transcript, trace, words=neighbours.scored(transcript, window=scores.window), rng=rng),
    )


def _caveats(transcript: Transcript, trace: Trace, commitments: Sequence[Commitment]) -> tuple[str, ...]:
    notes = [SIBLINGS]
    if transcript.shuffle["kind"] == "claimed":
        notes.append("That the order was a random shuffle is the owner's claim; no shuffle was recorded.")
    if not any(commitment.witness for commitment in commitments):
        notes.append(OWNER_CAVEAT)
    if trace.units.dropped:
        notes.append(f"{trace.units.dropped} rows were too short for the window and took no part.")
    if not trace.units.references.shape[1]:
        notes.append("No reference was given: the test holds all the same, with much less power.")
    lonely = int(np.count_nonzero(np.bincount(trace.units.strata) == 1))
    if lonely:
        notes.append(f"{lonely} rows are alone in their stratum and contribute nothing.")
    return tuple(notes)


def _inputs(transcript: Transcript, scores: Scores, references: Sequence[Scores]) -> dict[str, str]:
    named = {f"reference-{index}": reference.sha256 for index, reference in enumerate(references, start=1)}
    return {"transcript": transcript.sha256, "scores": scores.sha256, **named}


def _references(trace: Trace, references: Sequence[Scores]) -> tuple[dict[str, Any], ...]:
    """Name each reference with its own audit: one that saw the order itself costs power, and the reader is told."""
    return tuple(
        {**scores.suspect, "own_asymptotic_log10_pvalue": traces.own_tail(trace, column)}
        for scores, column in zip(references, trace.units.references.T, strict=True)
    )
