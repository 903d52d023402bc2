"""Which wordings could stand in for one word, inflected as it is?

Candidates of the thesaurus, filtered (no names, rare, archaic or offensive words, antonyms, spelling variants of the
word itself) and inflected by the word's Penn tag, a compound at its head.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance.language import morphology
from provenance.language.surprisal import zipf
from provenance.language.tagging import CONTENT
from watermark import lexicon, stoplist, thesaurus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from watermark.lexicon import Pos, Sense

ZIPF_FLOOR = 3.0
"""Words rarer than this, one in a million, are not offered."""
SPELLED = re.compile(r"[a-z]{2,}(?: [a-z]{2,}){0,2}")
PREPOSITIONS = frozenset(("of", "in", "to", "for", "at", "on", "by", "with"))
TRAILING = PREPOSITIONS | {"than", "as", "from", "about", "that", "up", "out"}
PLURAL = re.compile(r"(?<![sui])s$")
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
    log_odds: float
    """That a reader accepts it, before the context is known."""


@functools.lru_cache(maxsize=65_536)
def find(form: str, lemma: str, xpos: str) -> tuple[Option, ...]:
    """Give the other wordings of a word form, likeliest first.

    Parameters
    ----------
    form
        The word as it stands, casefolded.
    lemma, xpos
        What the tagger says of it.
    """
    pos = CONTENT[xpos]
    if lemma in stoplist.LEFT_ALONE or morphology.inflect(lemma, xpos) != form:
        return ()  # an unusual form (dreamt, focussed) says something about the author that a synonym would not keep
    found = [
        Option(text=text, lemma=candidate.lemma, log_odds=candidate.log_odds)
        for candidate in thesaurus.candidates(lemma, pos)
        if _fits(candidate.lemma, lemma, pos=pos) and (text := inflect(candidate.lemma, xpos)) and text != form
    ]
    return tuple(option for place, option in enumerate(found) if not _spelt_before(option, found[:place]))


def inflect(lemma: str, xpos: str) -> str | None:
    """Inflect a lemma or a compound; None where the form is not known.

    Examples
    --------
    >>> inflect("carry out", "VBD"), inflect("point of view", "NNS"), inflect("living room", "NNS")
    ('carried out', 'points of view', 'living rooms')
    """
    words = lemma.split(" ")
    head = _head(words, xpos)
    form = morphology.inflect(words[head], xpos)
    return form and " ".join([*words[:head], form, *words[head + 1 :]])


def _head(words: list[str], xpos: str) -> int:
    """Name the word of a compound that takes the ending: a verb's first, a noun's last before any preposition."""
    if xpos[0] == "V":
        return 0
    return next((place - 1 for place, word in enumerate(words) if place and word in PREPOSITIONS), len(words) - 1)


def _spelt_before(option: Option, better: list[Option]) -> bool:
    return any(same_word(option.text, other.text) for other in better)


def _fits(member: str, lemma: str, *, pos: Pos) -> bool:
    return (
        zipf(member) >= ZIPF_FLOOR
        and SPELLED.fullmatch(member) is not None
        and stoplist.NEVER_OFFERED.isdisjoint(member.split(" "))
        and (lemma, member) not in stoplist.UNFIT
        and not same_word(member, lemma)
        and lemma not in {base for _, base in morphology.analyses(member)}
        and not _is_gerund(member, pos)
        and not _clashes(member, pos)
        and not _opposed(lemma, member, pos)
        and not _siblings(lemma, member, pos)
    )


def _clashes(member: str, pos: Pos) -> bool:
    """Say whether a wording would clash with what follows or precedes: "other than", and plurals that are no plural."""
    if pos == "n" and PLURAL.search(member):
        return True
    return pos != "v" and member.rpartition(" ")[2] in TRAILING and " " in member


def _opposed(lemma: str, member: str, pos: Pos) -> bool:
    """Say whether a sense of one is the opposite of a sense of the other."""
    opposite = {
        number for sense in lexicon.senses(lemma, pos) for number in sense.synset.relations.get(lexicon.ANTONYM, ())
    }
    return any(sense.synset.number in opposite for sense in lexicon.senses(member.replace(" ", "_"), pos))


def _siblings(lemma: str, member: str, pos: Pos) -> bool:
    """Say whether two nouns name two kinds of one thing: a crab is no lobster, whatever readers let pass."""
    own, other = lexicon.senses(lemma, pos), lexicon.senses(member.replace(" ", "_"), pos)
    if pos != "n" or {sense.synset.number for sense in own} & {sense.synset.number for sense in other}:
        return False
    return bool(_above(own) & _above(other))


def _above(senses: Iterable[Sense]) -> set[int]:
    return {number for sense in senses for number in sense.synset.relations.get(lexicon.HYPERNYM, ())}


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


@functools.lru_cache(maxsize=65_536)
def _skeletons(word: str) -> frozenset[str]:
    return frozenset([word, *(word.replace(british, american) for british, american in SPELLINGS)])
