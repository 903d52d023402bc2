"""Would a reader accept this wording here?

A probability from what the lexicon and word frequencies say of a pair of words: how usual the shared sense is for each,
how many senses each has, how common each is. Logistic regression; the weights are the plain table
``watermark/data/acceptability.tsv``, which ``scripts/fit_acceptability.py`` makes from human judgements (SWORDS dev).

>>> probability("large", "big", "a") > probability("run", "feed", "v")
True
"""

from __future__ import annotations

import functools
import math
from importlib.resources import files
from typing import TYPE_CHECKING

from provenance.language.surprisal import zipf
from watermark import interchange, lexicon

if TYPE_CHECKING:
    from collections.abc import Mapping

    from watermark.lexicon import Pos, Sense

INTERCHANGEABLE = 0.6
"""Least probability for a pair of `watermark.interchange`."""
UNTAGGED = 0.3
"""Count given to a sense that was never tagged, so that a share is never 0."""


@functools.lru_cache(maxsize=262_144)
def probability(lemma: str, candidate: str, pos: Pos) -> float:
    """Estimate that judges accept `candidate` in the place of `lemma`; 0 for words that have nothing in common."""
    found = features(lemma, candidate, pos)
    floor = INTERCHANGEABLE if candidate in interchange.partners(lemma, pos) else 0.0
    return max(floor, _logistic(found)) if found else floor


def _logistic(found: Mapping[str, float]) -> float:
    weights = _weights()
    return 1 / (1 + math.exp(-weights["intercept"] - sum(weights[name] * value for name, value in found.items())))


def features(lemma: str, candidate: str, pos: Pos) -> Mapping[str, float]:
    """Describe a pair of lemmas by the senses that they share; empty if they share none.

    Returns
    -------
    By name: shares are logarithms of tag-count shares, ranks and polysemy logarithms of counts from 1, frequencies in
    zipf units (log10), the rest 0 or 1.
    """
    own, other = lexicon.senses(lemma, pos), lexicon.senses(candidate, pos)
    common = {sense.synset.number for sense in own} & {sense.synset.number for sense in other}
    if not common:
        return {}
    relations = lexicon.synset(min(common)).relations
    target, ours = _standing(own, common)
    reply, theirs = _standing(other, common)
    return {
        "share": target,
        "reciprocal": reply,
        "both": target * reply,
        "rank": ours,
        "candidate_rank": theirs,
        "polysemy": math.log(len(own)),
        "candidate_polysemy": math.log(len(other)),
        "shared": math.log(len(common)),
        "zipf": zipf(lemma),
        "candidate_zipf": zipf(candidate),
        "rarer": max(0.0, zipf(lemma) - zipf(candidate)),
        "domain": float(any(symbol in relations for symbol in (lexicon.CATEGORY, lexicon.USAGE, lexicon.REGION))),
        "elsewhere": math.log(_share_of_pos(candidate, pos)),
        **{f"is_{other_pos}": float(pos == other_pos) for other_pos in lexicon.POSES[1:]},
    }


def _standing(found: tuple[Sense, ...], common: set[int]) -> tuple[float, float]:
    """Give the log share of tags that the common senses have, and the log rank of the first of them."""
    counts = {sense.synset.number: sense.count + UNTAGGED for sense in found}
    share = sum(counts[number] for number in common) / sum(counts.values())
    return math.log(share), math.log(min(sense.rank for sense in found if sense.synset.number in common))


def _share_of_pos(lemma: str, pos: Pos) -> float:
    counts = lexicon.tag_counts(lemma)
    return (counts[pos] + UNTAGGED) / (sum(counts.values()) + UNTAGGED * len(counts))


@functools.cache
def _weights() -> dict[str, float]:
    lines = files("watermark").joinpath("data", "acceptability.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {name: float(weight) for name, weight in rows}
