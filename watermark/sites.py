"""Where in a text is more than one wording acceptable, and which wordings are they?

Everything here is decided without the key: by the text, the lexicon and the rules alone. A site's options are
inflected and cased like the word that stands there, and include the article where "a" and "an" must change.

>>> for site in find("She bought a large house.", rules=SiteRules()):
...     print(site.start, site.options)
4 ('bought', 'purchased')
13 ('large', 'big')
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from provenance.language import lexical
from provenance.language.surprisal import surprisal
from watermark import acceptability, articles, eligibility, lexicon, options
from watermark import opaque as prose

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provenance.language.tagging import Sentence, Tagger, Token

ARTICLE = re.compile(r"\b([Aa]n?)([ \t]+|[ \t]*\r?\n[ \t]*)\Z")
LONGEST_GAP = 40
"""How far before a word its article is looked for, in code points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A span of a text where more than one wording is acceptable."""

    start: int
    """Offset of its first code point, the article's where that changes too."""
    end: int
    word: str
    """The word as it stood, casefolded."""
    options: tuple[str, ...]
    """Replacements for the whole span: as it stood, then the others sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRules:
    """Which sites are taken."""

    per_sentence: int = 5
    """At most so many, the most surprising words first; counted after all that is ineligible is gone."""
    min_acceptability: float = 0.35
    """Least probability that a reader accepts a wording, from 0 to 1."""
    min_certainty: float = 0.9
    """Least probability of the part of speech, from 0 to 1."""
    max_options: int = 3
    """At most so many wordings at a site, the original among them; the most acceptable are kept."""

    def __post_init__(self) -> None:
        if self.per_sentence < 1 or self.max_options < 2:  # noqa: PLR2004 - one option is no choice
            raise ValueError("per_sentence must be at least 1 and max_options at least 2")
        if not (0 <= self.min_acceptability <= 1 and 0 <= self.min_certainty <= 1):
            raise ValueError("min_acceptability and min_certainty are probabilities, from 0 to 1")

    @property
    def method(self) -> str:
        """Name every setting that changes the sites."""
        return (
            f"sites(per_sentence={self.per_sentence}, min_acceptability={self.min_acceptability}, "
            f"min_certainty={self.min_certainty}, max_options={self.max_options})"
        )


@functools.cache
def default_tagger() -> Tagger:
    """Make the tagger that is used where no pipeline is given."""
    return lexical.tagger(lexicon.tag_counts, name="wordnet-3.0")


def find(
    text: str, *, rules: SiteRules, tagger: Tagger | None = None, opaque: Sequence[tuple[int, int]] = ()
) -> tuple[Site, ...]:
    """Find the sites of a text, in order, never overlapping each other or what is opaque.

    Parameters
    ----------
    text
        One document.
    rules
        Which sites are taken.
    tagger
        Who tags the words; the lexicon's own when None.
    opaque
        Further spans ``(start, end)`` to leave alone, in code points.
    """
    closed = prose.merged([*prose.find(text), *((start, end) for start, end in opaque)])
    read = (tagger or default_tagger()).read
    return tuple(chain.from_iterable(_of_sentence(text, sentence, rules, closed) for sentence in read(text)))


def _of_sentence(
    text: str, sentence: Sentence, rules: SiteRules, closed: tuple[tuple[int, int], ...]
) -> Iterator[Site]:
    found = [
        (surprisal(token.text), site)
        for token, governs in eligibility.eligible(text, sentence, min_certainty=rules.min_certainty)
        if (site := _site(text, token, _options(token, rules, governs=governs), closed=closed))
    ]
    ranked = sorted(found, key=lambda pair: (-pair[0], pair[1].start))[: rules.per_sentence]
    return iter(sorted((site for _, site in ranked), key=lambda site: site.start))


def _options(token: Token, rules: SiteRules, *, governs: bool) -> list[str]:
    """Give the other wordings; a verb that governs what follows gives way only to one that surely does the same."""
    bar = max(rules.min_acceptability, acceptability.INTERCHANGEABLE) if governs else rules.min_acceptability
    found = options.find(token.text.casefold(), token.lemma, token.xpos)[: rules.max_options - 1]
    return [_cased(option.text, token.text) for option in found if option.acceptability >= bar]


def _site(text: str, token: Token, others: list[str], *, closed: tuple[tuple[int, int], ...]) -> Site | None:
    if not others:
        return None
    before = ARTICLE.search(text, max(0, token.start - LONGEST_GAP), token.start)
    start, end = (before.start(), token.end) if before and _changes(token.text, others) else (token.start, token.end)
    if _overlaps(closed, start, end):
        return None
    wordings = [_with_article(before, option) if start < token.start else option for option in others]
    return Site(
        start=start, end=end, word=token.text.casefold(), options=(text[start:end], *sorted(wordings, key=_alphabetic))
    )


def _alphabetic(wording: str) -> tuple[str, str]:
    return wording.casefold(), wording


def _cased(option: str, original: str) -> str:
    return option.capitalize() if original[0].isupper() else option


def _changes(original: str, others: Sequence[str]) -> bool:
    return any(articles.article(option) != articles.article(original) for option in others)


def _with_article(before: re.Match[str] | None, option: str) -> str:
    if before is None:
        return option
    article = articles.article(option)
    return f"{article.capitalize() if before[1][0].isupper() else article}{before[2]}{option}"


def _overlaps(closed: tuple[tuple[int, int], ...], start: int, end: int) -> bool:
    place = bisect_right(closed, (end,)) - 1
    return place >= 0 and closed[place][1] > start and closed[place][0] < end
