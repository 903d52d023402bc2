"""How are audits of corpora computed again from their bundles: membership, overlap and reshuffle?"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from provenance import corpora, scoring
from provenance.audits import membership as classical
from provenance.audits import overlap as sharing
from provenance.audits import reshuffle as rerunning
from provenance.audits.membership import Side, Split
from provenance.audits.overlap import holding
from provenance.bundles import answers
from provenance.reruns import manifests
from provenance.transcripts import tables

if TYPE_CHECKING:
    from provenance.bundles.manifests import Bundle, Claim
    from provenance.corpora import Corpus
    from provenance.evidence import Evidence


def membership(bundle: Bundle, _claim: Claim, claimed: Evidence) -> Evidence:
    """Compare members with nonmembers once more."""
    told, drawn = bundle.manifest.settings, None
    if told["split_seed"] is not None:
        drawn = Split(seed=told["split_seed"], share=told["split_share"])
    members, nonmembers = (_side(bundle, claimed, name) for name in ("members", "nonmembers"))
    scores, references = answers.of(bundle, claimed)
    for one in (scores, *references):
        scoring.check_inputs(one, {"members": members.sha256, "nonmembers": nonmembers.sha256})
    found = classical.audit(
        members,
        nonmembers,
        scores,
        references=references,
        drawn=drawn,
        min_k=told["min_k"],
        per_cluster=told["per_cluster"],
        alpha=claimed.alpha,
        resamples=told["resamples"],
        seed=claimed.seed,
        commitments=answers.own(bundle, claimed),
    )
    return answers.settled(found, bundle, claimed)


def overlap(bundle: Bundle, _claim: Claim, claimed: Evidence) -> Evidence:
    """Scan the run for what the texts hold once more."""
    told = bundle.manifest.settings
    return sharing.audit(
        bundle.place(claimed.inputs["transcript"]),
        opened(bundle, claimed, "texts"),
        name=str(claimed.suspect["suspect"]),
        # Bundles of the first days do not say how they weighed: there was one way.
        counting=holding.Counting(
            max_ngram=told["max_ngram"], max_df=told["max_df"], weight=told.get("weight", "longest")
        ),
        alpha=claimed.alpha,
        resamples=told["resamples"],
        seed=claimed.seed,
        commitments=answers.own(bundle, claimed),
    )


def reshuffle(bundle: Bundle, _claim: Claim, claimed: Evidence) -> Evidence:
    """Rank what the re-runs said of the texts once more."""
    inputs = claimed.inputs
    numbered = itertools.takewhile(inputs.__contains__, (f"rerun-{number}" for number in itertools.count(1)))
    run, *others = (scoring.read(bundle.place(inputs[name])) for name in ("run", *numbered))
    scoring.check_inputs(run, {"corpus": corpora.digest(opened(bundle, claimed, "texts"))})
    return rerunning.audit(
        run,
        others,
        name=str(claimed.suspect["suspect"]),
        model=scoring.read(bundle.place(inputs["model"])) if "model" in inputs else None,
        made=manifests.outline(bundle.place(inputs["reruns"])) if "reruns" in inputs else None,
        transcript=tables.read(bundle.place(inputs["transcript"])) if "transcript" in inputs else None,
        alpha=claimed.alpha,
        commitments=answers.own(bundle, claimed),
    )


def opened(bundle: Bundle, claimed: Evidence, role: str) -> Corpus:
    """Open a corpus of a bundle, with the fields that the run was told of."""
    told = bundle.manifest.settings
    place = bundle.place(claimed.inputs[role])
    return corpora.open(place, text_field=told["text_field"], id_field=told["id_field"])


def _side(bundle: Bundle, claimed: Evidence, role: str) -> Side:
    corpus, field = opened(bundle, claimed, role), bundle.manifest.settings["cluster_field"]
    return Side(
        documents=tuple(entry.document for entry in corpora.read(corpus)),
        sha256=corpora.digest(corpus),
        clusters=tuple(corpora.values(corpus, field, option="cluster_field")) if field else None,
    )
