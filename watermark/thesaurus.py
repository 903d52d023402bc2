"""Which lemmas might stand in for a lemma, and how likely do readers accept each, before the context is known?

The table is made by ``scripts/build_thesaurus.py``: a model of human judgements (SWORDS) was asked about every pair of
lemmas that WordNet or the Moby Thesaurus connects; the best candidates of each lemma stand here with its answer.

>>> candidates("large", "a")[0].lemma
'big'
"""

from __future__ import annotations

import functools
import lzma
from bisect import bisect_left
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watermark.lexicon import Pos


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One lemma that might stand in for another."""

    lemma: str
    """With spaces if it is a compound."""
    log_odds: float
    """That a reader accepts it, averaged over contexts."""


@functools.lru_cache(maxsize=65_536)
def candidates(lemma: str, pos: Pos) -> tuple[Candidate, ...]:
    """Give the candidates of a lemma, likeliest first; none where the table lacks it."""
    lines = _table()
    prefix = f"{lemma.casefold()}\t{pos}\t"
    place = bisect_left(lines, prefix)
    if place == len(lines) or not lines[place].startswith(prefix):
        return ()
    return tuple(_candidate(spelt) for spelt in lines[place][len(prefix) :].split(" "))


def _candidate(spelt: str) -> Candidate:
    lemma, _, log_odds = spelt.partition(":")
    return Candidate(lemma=lemma.replace("_", " "), log_odds=float(log_odds))


@functools.cache
def _table() -> list[str]:
    packed = files("watermark").joinpath("data", "thesaurus.tsv.xz").read_bytes()
    return lzma.decompress(packed).decode("ascii").splitlines()
