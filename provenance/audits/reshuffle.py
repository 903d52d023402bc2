"""Was this text written by a descendant of my run? Its last phase, run again in other orders, is the comparison.

Null: the text is independent of the order in which the run consumed its last phase. The re-run in the original order
and the T reshuffled ones, all made by one code on one machine from one checkpoint, are then exchangeable given the
text, so the rank of the original one's log-likelihood is uniform. A higher log-likelihood in the original order speaks
for the claim. The real final model, made on other hardware, is not exchangeable with re-runs: the original-order re-run
takes its place, and how far it is from the real one is a gate.

After "Blackbox Model Provenance via Palimpsestic Membership Inference" (arXiv 2510.19796), with an exact rank in place
of a z read off a normal.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance.audits import answers, gates, plots
from provenance.evidence import (
    DEFAULT_ALPHA,
    OWNER_CAVEAT,
    Commitment,
    Effect,
    Evidence,
    Gate,
    LogP,
    Plot,
    Statistic,
    check_alpha,
    verdict,
)
from provenance.stats import standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from provenance.audits.answers import Answers
    from provenance.reruns.manifests import Reruns
    from provenance.scoring import Scores
    from provenance.transcripts.tables import Transcript

CLAIM = "The text was written by a descendant of the run that consumed its last phase in the recorded order."
NULL = (
    "The text is independent of the order of the run's last phase: the re-run in the original order and the reshuffled "
    "ones are exchangeable given the text."
)
SIBLINGS = "The finding speaks of this order of the last phase, not of one model: all that descends from it shares it."
UNSEEN = (
    "That the re-runs come from one checkpoint, by one code on one machine, in orders drawn as the run drew its own, "
    "is the owner's word."
)
UNCHECKED = "The real final model was not given: that the original-order re-run stands for it is not checked."
CHOSEN = "That the number of re-runs was fixed before the text was scored is the owner's word."
FEWEST_BINS, MOST_BINS = 5, 60


def audit(
    run: Scores,
    reruns: Sequence[Scores],
    *,
    name: str,
    model: Scores | None = None,
    made: Reruns | None = None,
    transcript: Transcript | None = None,
    alpha: float = DEFAULT_ALPHA,
    commitments: Sequence[Commitment] = (),
) -> Evidence:
    """Audit one text, or several taken together, against one run.

    Parameters
    ----------
    run
        What the re-run in the original order said of the text, by `provenance.score`.
    reruns
        What T re-runs in reshuffled orders said of it, two at least; all that were made.
    name
        What evidence calls the text.
    model
        What the real final model said of it, for the gate.
    made
        The folder of re-runs (`provenance.reruns.read`), where the library made them: its settings become evidence.
    transcript
        The recorded run: says how its order was drawn.
    alpha
        Level of the verdict; below T = 1/alpha − 1 re-runs it is inconclusive.
    commitments
        Of the transcript.

    Returns
    -------
    Evidence decided by the rank, with t and an effect in nats a token beside it.

    Raises
    ------
    InputError
        If there are fewer than two re-runs, one is given twice, or log-probabilities are not finite.
    MismatchError
        If they were asked in different ways or about different texts, or belong to another transcript.
    """
    check_alpha(alpha)
    answers.check_distinct(run, reruns)
    answers.check_origin(run, reruns, made, transcript)
    said = answers.gather(run, reruns, model)
    stood = standing.standing(float(said.run.sum()), said.reruns.sum(axis=1), scale=float(np.abs(said.run).sum()))
    shuffle = transcript.shuffle if transcript else made.settings["shuffle"] if made else None
    checks = tuple(_gates(said, shuffle, alpha=alpha))
    log10_pvalue = math.log10(stood.pvalue)
    return Evidence(
        audit="reshuffle",
        claim=CLAIM,
        null=NULL,
        verdict=verdict(log10_pvalue=log10_pvalue, log10_floor=stood.log10_floor, alpha=alpha, gates=checks),
        alpha=alpha,
        n=len(said.run),
        pvalue=stood.pvalue,
        log10_pvalue=log10_pvalue,
        pvalue_method=_method(run, said),
        decided_by="rank",
        asymptotic=_asymptotic(stood, len(reruns)),
        statistic=Statistic(name="log-likelihood-above-mean-of-reruns", value=stood.gain),
        effect=_effect(stood, run, said),
        gates=checks,
        caveats=tuple(_caveats(shuffle, made, commitments, checked=model is not None)),
        commitments=tuple(commitments),
        inputs=_inputs(run, reruns, model, made, transcript),
        suspect={"suspect": name, "kind": "text", "texts": len(run.rows), "tokens": len(said.run)},
        references=_references(run, model, len(reruns)),
        seed=int(made.settings["seed"]) if made else 0,
        plots=(_histogram(said),),
    )


def _gates(said: Answers, shuffle: Mapping[str, Any] | None, *, alpha: float) -> list[Gate]:
    checks = [_reach(len(said.reruns), alpha), _different(said)]
    if shuffle is not None:
        checks.append(gates.shuffle(shuffle))
    if said.model is not None:
        checks.append(_stands_for(said.model, said))
    return checks


def _reach(count: int, alpha: float) -> Gate:
    """Ask whether the best rank of all would have been small enough."""
    enough = standing.needed(alpha)
    return Gate(
        name="within-reach",
        passed=count >= enough,
        detail=f"{count:,} re-runs reach p = {1 / (count + 1):.2g}, the level is {alpha:g}"
        + (f": needs {enough:,} re-runs" if count < enough else ""),
    )


def _different(said: Answers) -> Gate:
    """Ask whether every re-run is a draw of its own: one that was copied under another name would count twice."""
    answers = [said.run, *said.reruns]
    different = len({answer.tobytes() for answer in answers})
    return Gate(
        name="reruns-differ",
        passed=different == len(answers),
        detail=f"{different:,} different answers of {len(answers):,} re-runs, the original order's included",
    )


def _stands_for(model: NDArray[np.float64], said: Answers) -> Gate:
    """Ask whether the original-order re-run is nearer to the real model than every reshuffled one.

    If it is not, the phase did not come out again: its order then says nothing of the real model, and neither does a
    low rank. Were the order without any influence, it would be the nearest of T + 1 by chance once in T + 1.
    """
    own = float(np.abs(said.run - model).mean())
    others = np.abs(said.reruns - model).mean(axis=1)
    return Gate(
        name="original-rerun-is-the-run",
        passed=bool(own < others.min()),
        detail=f"mean |difference| of log-probability to the real model: {own:.2g} nats in the original order, "
        f"{others.min():.2g} in the nearest of {len(others):,} reshuffled ones, {np.median(others):.2g} in the middle",
    )


def _method(run: Scores, said: Answers) -> str:
    return (
        f"rank(reruns={len(said.reruns)}): original order among reshuffled, ties within rounding against the claim; "
        f"statistic=sum of {len(said.run)} log-probabilities (rendering={run.rendering}, window={run.window})"
    )


def _asymptotic(stood: standing.Standing, count: int) -> LogP | None:
    if stood.log10_asymptotic is None:
        return None
    method = f"extrapolation: gain/(s·√(1 + 1/T)) = {stood.t:.3g} in the tail of t with {count - 1} degrees of freedom"
    return LogP(log10_pvalue=stood.log10_asymptotic, method=method)


def _effect(stood: standing.Standing, run: Scores, said: Answers) -> Effect:
    count = len(said.run)
    return Effect(
        name="nats-per-text" if run.rendering == "sum" else "nats-per-token",
        value=stood.gain / count,
        low=stood.low / count,
        high=stood.high / count,
        level=stood.level,
    )


def _caveats(
    shuffle: Mapping[str, Any] | None, made: Reruns | None, commitments: Sequence[Commitment], *, checked: bool
) -> list[str]:
    notes = [SIBLINGS, CHOSEN]
    if shuffle is not None and shuffle["kind"] == "claimed":
        notes.append("That the order was a random shuffle is the owner's claim; no shuffle was recorded.")
    if made is None:
        notes.append(UNSEEN)
    if not checked:
        notes.append(UNCHECKED)
    if not any(commitment.witness for commitment in commitments):
        notes.append(OWNER_CAVEAT)
    return notes


def _inputs(
    run: Scores, reruns: Sequence[Scores], model: Scores | None, made: Reruns | None, transcript: Transcript | None
) -> dict[str, str]:
    named = {"texts": next(iter(run.inputs.values()), ""), "run": run.sha256}
    named |= {"model": model.sha256} if model else {}
    named |= {"transcript": transcript.sha256} if transcript else {}
    named |= {"reruns": made.sha256} if made else {}
    return named | {f"rerun-{number}": scores.sha256 for number, scores in enumerate(reruns, start=1)}


def _references(run: Scores, model: Scores | None, count: int) -> tuple[dict[str, Any], ...]:
    named = [{**run.suspect, "role": "re-run in the original order", "reruns": count}]
    return (*named, *([{**model.suspect, "role": "real final model"}] if model else []))


def _histogram(said: Answers) -> Plot:
    totals = said.reruns.sum(axis=1)
    bins = min(MOST_BINS, max(FEWEST_BINS, math.isqrt(len(totals))))
    return plots.histogram("permutation-null", totals - totals.mean(), bins=bins)
