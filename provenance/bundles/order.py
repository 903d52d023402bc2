"""How is an order audit computed again from its bundle?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance import scoring
from provenance.audits import order, selection
from provenance.bundles import answers
from provenance.transcripts import tables

if TYPE_CHECKING:
    from provenance.audits.stopping import Ask, Early
    from provenance.bundles.manifests import Bundle, Claim
    from provenance.evidence import Evidence


def again(bundle: Bundle, _claim: Claim, claimed: Evidence) -> Evidence:
    """Audit the order once more, with what the bundle holds and by its settings."""
    told = bundle.manifest.settings
    transcript = tables.read(bundle.place(claimed.inputs["transcript"]))
    scores, references = answers.of(bundle, claimed)
    scoring.check_inputs(scores, {"transcript": transcript.sha256})
    chosen = selection.Selection(queries=told["queries"], rule=told["select"]) if told.get("queries") else None
    early: Early | None = None

    def walk(ask: Ask) -> Early:
        level, seed = told["level"], claimed.seed
        return order.ask_early(transcript, ask, window=scores.window, alpha=level, seed=seed, selection=chosen)

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
        early=early,
    )
    return answers.settled(found, bundle, claimed)
