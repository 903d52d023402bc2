"""How is a quantity that evidence names for machines called in front of people?"""

from __future__ import annotations

import re

SAID = {
    "spearman-rho": "Spearman’s ρ",
    "nats-last-tenth-minus-first": "last tenth of the run minus the first, in nats",
    "published-minus-alternates": "published wording minus alternates",
    "nats-per-document": "preference for the published wording, in nats a document",
    "agreement-above-chance": "agreement with the deal above chance",
    "share-of-coins-carried": "share of marked words that carry the deal",
    "weighted-signals": "weighted signals, standardised",
    "log-likelihood-above-mean-of-reruns": "log-likelihood above the mean of the re-runs",
    "nats-per-token": "original order minus mean of the re-runs, in nats a token",
    "nats-per-text": "original order minus mean of the re-runs, in nats a text",
    "nats-a-token-members-minus-nonmembers": "members minus non-members, in nats a token",
    "nats-a-text-members-minus-nonmembers": "members minus non-members, in nats a text",
    "blind-words-auroc": "AUROC of the words alone, no model asked",
    "blind-characters-auroc": "AUROC of the characters alone, no model asked",
    "blind-form-auroc": "AUROC of length, form and years alone, no model asked",
    "screen:wins-against-other-copies": "documents won against other recipients’ copies",
}
"""Names that evidence gives, and what stands on the page in their place."""
RECENCY = re.compile(r"recency-max:(?P<curve>.+)")


def said(name: str) -> str:
    """Say a name in words; one that nobody wrote words for is spelled apart.

    >>> said("spearman-rho")
    'Spearman’s ρ'
    >>> said("recency-max:exp(h=0.05)")
    'leaning towards late examples, highest of the curves at exp(h=0.05)'
    >>> said("some-new_thing")
    'some new thing'
    """
    if match := RECENCY.fullmatch(name):
        return f"leaning towards late examples, highest of the curves at {match['curve']}"
    return SAID.get(name) or spelled(name)


def spelled(name: str) -> str:
    """Spell a name of a quantity, a setting or a check apart."""
    return name.replace("-", " ").replace("_", " ")
