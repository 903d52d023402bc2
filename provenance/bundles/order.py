"""How is an order audit computed again from its bundle?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance import artifacts, scoring
from provenance.audits import neighbours, order, selection
from provenance.bundles import answers
from provenance.bundles.redacted import transcripts
from provenance.checks import Check, Skipped
from provenance.errors import MismatchError
from provenance.transcripts import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenance.audits.stopping import Ask, Early
    from provenance.bundles.manifests import Bundle, Claim
    from provenance.evidence import Evidence
    from provenance.transcripts.tables import Transcript


def again(bundle: Bundle, _claim: Claim, claimed: Evidence) -> Evidence:
    """Audit the order once more, with what the bundle holds and by its settings."""
    told = bundle.manifest.settings
    transcript = _transcript(bundle, claimed)
    scores, references = answers.of(bundle, claimed)
    for one in (scores, *references):
        scoring.check_inputs(one, {"transcript": transcript.sha256})
    chosen = selection.Selection(queries=told["queries"], rule=told["select"]) if told.get("queries") else None
    # Evidence of the first days counted everybody by units of his own.
    in_common = order.IN_COMMON in claimed.pvalue_method
    early: Early | None = None

    def walk(ask: Ask) -> Early:
        level, seed = told["level"], claimed.seed
        return order.ask_early(
            transcript, ask, window=scores.window, alpha=level, seed=seed, selection=chosen, in_common=in_common
        )

    if claimed.stopped is not None:
        scores, references, early = answers.walked(scores, references, claimed, walk=walk)
    found = order.audit(
        transcript,
        scores,
        references=references,
        alpha=claimed.alpha,
        resamples=told["resamples"],
        seed=claimed.seed,
        commitments=answers.own(bundle, claimed),
        selection=chosen,
        in_common=in_common,
        early=early,
    )
    return answers.settled(found, bundle, claimed)


def _transcript(bundle: Bundle, claimed: Evidence) -> Transcript:
    place = bundle.place(claimed.inputs["transcript"])
    if artifacts.kind_of(place) != transcripts.REDACTED.name:
        return tables.read(place)
    words = next((gate for gate in claimed.gates if gate.name == f"neighbours:{neighbours.WORDS}"), None)
    if words is None:
        raise MismatchError("evidence without a look at the words", path=place, expected="a gate on them")
    return transcripts.read(place, words=words)


def check(bundle: Bundle) -> Iterator[Check]:
    """Say what of an order audit is told by texts alone."""
    for place in map(bundle.place, bundle.manifest.sources):
        if artifacts.kind_of(place) == transcripts.REDACTED.name:
            detail = "whether rows that stand together have like words is the audit's word without the texts"
            yield Skipped(what=f"gate neighbours:{neighbours.WORDS}", detail=detail)
