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
from provenance.language import surprisal as frequencies
from watermark import acceptability, articles, eligibility, lexicon, options
from watermark import opaque as prose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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
    acceptability: tuple[float, ...] = ()
    """Probability that a reader accepts each option, 1 for the original; empty where nobody asked."""


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


def find_all(
    documents: Sequence[tuple[str, Sequence[tuple[int, int]]]],
    *,
    rules: SiteRules,
    tagger: Tagger | None = None,
    surprisal: Callable[[str], float] = frequencies.surprisal,
) -> list[tuple[Site, ...]]:
    """Find the sites of many texts, each with the spans of it that are to be left alone, as `find` does for one."""
    return [find(text, rules=rules, tagger=tagger, opaque=opaque, surprisal=surprisal) for text, opaque in documents]


def find(
    text: str,
    *,
    rules: SiteRules,
    tagger: Tagger | None = None,
    opaque: Sequence[tuple[int, int]] = (),
    surprisal: Callable[[str], float] = frequencies.surprisal,
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
    surprisal
        Bits of a word: a sentence's most surprising words are taken first.
    """
    closed = prose.merged([*prose.find(text), *((start, end) for start, end in opaque)])
    read = (tagger or default_tagger()).read
    taken = functools.partial(_of_sentence, text, rules=rules, closed=closed, surprisal=surprisal)
    return tuple(chain.from_iterable(map(taken, read(text))))


def _of_sentence(
    text: str,
    sentence: Sentence,
    *,
    rules: SiteRules,
    closed: tuple[tuple[int, int], ...],
    surprisal: Callable[[str], float],
) -> Iterator[Site]:
    found = [
        (surprisal(token.text), site)
        for token, governs in eligibility.eligible(text, sentence, min_certainty=rules.min_certainty)
        if (site := _site(text, token, _options(token, rules, governs=governs), closed=closed))
    ]
    ranked = sorted(found, key=lambda pair: (-pair[0], pair[1].start))[: rules.per_sentence]
    return iter(sorted((site for _, site in ranked), key=lambda site: site.start))


def _options(token: Token, rules: SiteRules, *, governs: bool) -> list[tuple[str, float]]:
    """Give the other wordings; a verb that governs what follows gives way only to one that surely does the same."""
    bar = max(rules.min_acceptability, acceptability.INTERCHANGEABLE) if governs else rules.min_acceptability
    found = options.find(token.text.casefold(), token.lemma, token.xpos)[: rules.max_options - 1]
    return [(_cased(option.text, token.text), option.acceptability) for option in found if option.acceptability >= bar]


def _site(
    text: str, token: Token, others: list[tuple[str, float]], *, closed: tuple[tuple[int, int], ...]
) -> Site | None:
    if not others:
        return None
    before = ARTICLE.search(text, max(0, token.start - LONGEST_GAP), token.start)
    start, end = (before.start(), token.end) if before and _changes(token.text, others) else (token.start, token.end)
    if _overlaps(closed, start, end):
        return None
    wordings = sorted(
        (_with_article(before, wording) if start < token.start else wording, accepted) for wording, accepted in others
    )
    return Site(
        start=start,
        end=end,
        word=token.text.casefold(),
        options=(text[start:end], *(wording for wording, _ in wordings)),
        acceptability=(1.0, *(round(accepted, 4) for _, accepted in wordings)),
    )


def _cased(option: str, original: str) -> str:
    return option.capitalize() if original[0].isupper() else option


def _changes(original: str, others: Sequence[tuple[str, float]]) -> bool:
    return any(articles.article(wording) != articles.article(original) for wording, _ in others)


def _with_article(before: re.Match[str] | None, option: str) -> str:
    if before is None:
        return option
    article = articles.article(option)
    return f"{article.capitalize() if before[1][0].isupper() else article}{before[2]}{option}"


def _overlaps(closed: tuple[tuple[int, int], ...], start: int, end: int) -> bool:
    place = bisect_right(closed, (end,)) - 1
    return place >= 0 and closed[place][1] > start and closed[place][0] < end
