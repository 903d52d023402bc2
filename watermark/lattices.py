"""How does a document read where every site may have any of its wordings?

A lattice is a document as its ledger knows it, before any deal: words that are the same in every variant, and forks
where a site offers its wordings. Nothing here has ever seen a deal, so nothing that rests on it can follow one.

Words are compared whatever their case, typographic apostrophes, hyphens and ligatures.

>>> [spelt(word) for word in ("Straße", "author’s", "ﬁnd")]
['strasse', "author's", 'find']
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance.language.words import WORD
from watermark import variants

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from watermark.sites import Site

UNKNOWN = -1
"""Stands for a word that no text has, and for a site that cannot be read."""
PLAIN = str.maketrans({"’": "'", "\u2010": "-", "\u2011": "-"})
JOINERS = frozenset("'’-\u2010\u2011")
"""What makes one word of two where it stands between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """A site among the words of a document."""

    site: int
    """Its number in the document."""
    wordings: tuple[tuple[tuple[int, ...], int], ...]
    """Its wordings that a text could have, longest first, each with the side of the coin that it is."""


Element = int | Fork
"""A word's number, the same in every variant, or a fork."""


def spelt(word: str) -> str:
    """Spell a word as it is compared."""
    return word.casefold() if word.isascii() else unicodedata.normalize("NFKC", word).translate(PLAIN).casefold()


def build(text: str, sites: Sequence[Site], vocabulary: Mapping[str, int]) -> list[Element]:
    """Lay a document out as words and forks.

    Parameters
    ----------
    text, sites
        As in the ledger: before marking.
    vocabulary
        Numbers of the words that the texts have, as `spelt`; other words match nothing.
    """
    elements, at = list[Element](), 0
    for number, site in enumerate(sites):
        elements += _numbers(text[at : site.start], vocabulary)
        elements.append(_fork(number, site, vocabulary) if _stands_alone(text, site) else UNKNOWN)
        at = site.end
    return elements + _numbers(text[at:], vocabulary)


def matches(element: Element) -> bool:
    """Say whether any text could match an element."""
    return isinstance(element, Fork) or element != UNKNOWN


def _numbers(part: str, vocabulary: Mapping[str, int]) -> list[Element]:
    return [vocabulary.get(spelt(word), UNKNOWN) for word in WORD.findall(part)]


def _fork(number: int, site: Site, vocabulary: Mapping[str, int]) -> Element:
    """Give a site's wordings; two that read alike tell nothing, and make it unreadable."""
    spellings = [tuple(map(spelt, WORD.findall(site.options[index]))) for index in variants.sides(site)]
    if len(set(spellings)) < len(spellings):
        return UNKNOWN
    numbered = ((tuple(vocabulary.get(word, UNKNOWN) for word in one), side) for side, one in enumerate(spellings))
    known = sorted((one for one in numbered if UNKNOWN not in one[0]), key=lambda one: (-len(one[0]), one[1]))
    return Fork(site=number, wordings=tuple(known)) if known else UNKNOWN


def _stands_alone(text: str, site: Site) -> bool:
    """Say whether no wording grows together with what stands around it, as in "well-large"."""
    apart = not _leans(reversed(text[max(site.start - 2, 0) : site.start])) and not _leans(text[site.end :][:2])
    return (
        apart
        and all(_is_word(option[0]) and _is_word(option[-1]) for option in site.options if option)
        and all(site.options)
    )


def _leans(nearest_first: Iterable[str]) -> bool:
    """Say whether these neighbours, the nearest first, make one word with a word beside them."""
    near, beyond, *_ = [*nearest_first, " ", " "]
    return _is_word(near) or (near in JOINERS and _is_word(beyond))


def _is_word(character: str) -> bool:
    return character == "_" or character.isalnum()
