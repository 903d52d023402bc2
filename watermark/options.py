"""Which wordings could stand in for one word, inflected as it is?

Members of the senses that the lexicon gives the word, filtered (no compounds, names, rare or offensive words, antonyms,
spelling variants of the word itself), inflected by the word's Penn tag, each with the probability that a
reader accepts it.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance.language import morphology
from provenance.language.lexical import CONTENT
from provenance.language.surprisal import zipf
from watermark import acceptability, interchange, lexicon, stoplist

if TYPE_CHECKING:
    from watermark.lexicon import Pos, Sense

DEEPEST = 6
"""Senses beyond this rank are not looked at."""
ZIPF_FLOOR = 3.2
"""Words rarer than this, about 1.6 in a million, are not offered."""
SPELLED = re.compile(r"[a-z]{3,}")
PREDICATE_ONLY = "p"
SPELLINGS = tuple(
    tuple(pair.split("/"))
    for pair in "ou/o is/iz ys/yz re/er ll/l ae/e oe/e ogue/og ence/ense ey/ay ph/f que/ck y/i".split()  # noqa: SIM905 - reads better
)
"""How British and American spelling differ, as endings or inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One wording for a word."""

    text: str
    """In lower case, inflected."""
    lemma: str
    acceptability: float
    """Probability that a reader accepts it."""


@functools.lru_cache(maxsize=65_536)
def find(form: str, lemma: str, xpos: str) -> tuple[Option, ...]:
    """Give the other wordings of a word form, most acceptable first.

    Parameters
    ----------
    form
        The word as it stands, casefolded.
    lemma, xpos
        What the tagger says of it.
    """
    pos = CONTENT[xpos]
    if morphology.inflect(lemma, xpos) != form:
        return ()  # an unusual form (dreamt, focussed) says something about the author that a synonym would not keep
    found = [
        Option(text=text, lemma=member, acceptability=acceptability.probability(lemma, member, pos))
        for member in offered(lemma, pos)
        if (text := morphology.inflect(member, xpos)) and SPELLED.fullmatch(text) and text != form
    ]
    ranked = sorted(found, key=lambda option: (-option.acceptability, option.text))
    return tuple(option for place, option in enumerate(ranked) if not _spelt_before(option, ranked[:place]))


def _spelt_before(option: Option, better: list[Option]) -> bool:
    return any(same_word(option.text, other.text) for other in better)


def offered(lemma: str, pos: Pos) -> tuple[str, ...]:
    """Give the lemmas offered for a lemma: interchangeable ones, and those of its senses if it is not left alone."""
    shared = () if lemma in stoplist.LEFT_ALONE else candidates(lemma, pos)
    return tuple(sorted({*shared, *interchange.partners(lemma, pos)}))


@functools.lru_cache(maxsize=65_536)
def candidates(lemma: str, pos: Pos) -> tuple[str, ...]:
    """Give the lemmas that share one of a lemma's senses and may be offered for it, sorted."""
    senses = lexicon.senses(lemma, pos)
    opposed = {number for sense in senses for number in sense.synset.relations.get(lexicon.ANTONYM, ())}
    members = {member for sense in senses[:DEEPEST] for member in _members(sense)}
    return tuple(sorted(member for member in members if _fits(member, lemma, pos=pos, opposed=opposed)))


def _members(sense: Sense) -> tuple[str, ...]:
    synset = sense.synset
    return tuple(
        member for member, marker in zip(synset.members, synset.markers, strict=True) if marker != PREDICATE_ONLY
    )


def _fits(member: str, lemma: str, *, pos: Pos, opposed: set[int]) -> bool:
    return (
        SPELLED.fullmatch(member) is not None
        and zipf(member) >= ZIPF_FLOOR
        and member not in stoplist.NEVER_OFFERED
        and (lemma, member) not in stoplist.UNFIT
        and not same_word(member, lemma)
        and not _is_gerund(member, pos)
        and not any(sense.synset.number in opposed for sense in lexicon.senses(member, pos))
    )


def _is_gerund(member: str, pos: Pos) -> bool:
    """Say whether a noun is a verb's -ing form: "the comparing" is no wording for "the comparison"."""
    return pos == "n" and member.endswith("ing") and any(tag == "VBG" for tag, _ in morphology.analyses(member))


def same_word(one: str, other: str) -> bool:
    """Say whether two lemmas are one word, spelt in two ways.

    Examples
    --------
    >>> same_word("colour", "color"), same_word("organise", "organize"), same_word("toward", "towards")
    (True, True, True)
    >>> same_word("big", "large")
    False
    """
    return bool(_skeletons(one) & _skeletons(other)) or one.rstrip("s") == other.rstrip("s")


def _skeletons(word: str) -> frozenset[str]:
    return frozenset([word, *(word.replace(british, american) for british, american in SPELLINGS)])
