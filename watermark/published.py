"""Which wordings do the published methods take? (LexiMark, arXiv 2506.14474, section on choosing synonyms)

Synonyms of any WordNet sense of the word's part of speech: all of them (``wordnet``), those whose vector in the
sentence has a cosine of at least 0.8 with the word's (``context``), or those that leave the sentence's vector within
0.8 (``sbert``). One encoder stands in for the two of the paper. They are here to be compared with: human judges accept
few of their choices.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

from provenance.language import morphology
from provenance.language.tagging import CONTENT
from watermark import lexicon, options

if TYPE_CHECKING:
    from watermark.encoder import Drift

METHODS = ("wordnet", "context", "sbert")
READING = ("context", "sbert")
"""Methods that need an encoder."""
BAR = 0.8


@functools.lru_cache(maxsize=65_536)
def find(form: str, lemma: str, xpos: str) -> tuple[options.Option, ...]:
    """Give the single-word synonyms of any sense of a word, inflected like it, in alphabetical order."""
    senses = lexicon.senses(lemma, CONTENT[xpos])
    members = sorted({member for sense in senses for member in sense.members if member.isalpha() and member.islower()})
    inflected = [(member, morphology.inflect(member, xpos)) for member in members if member != lemma]
    return tuple(
        options.Option(text=text, lemma=member, log_odds=math.nan)
        for member, text in inflected
        if text and text != form
    )


def accepts(method: str, drift: Drift | None) -> bool:
    """Say whether a method takes a wording."""
    if drift is None:
        return True
    return (drift.span if method == "context" else drift.sentence) >= BAR
