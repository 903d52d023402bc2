"""Which words of a text might be changed, and which wordings might take their places, before anyone judges them there?

Everything here is decided by the text, the lexicon and the thesaurus alone.
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from watermark import articles, eligibility, options, published, spelling
from watermark import opaque as prose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from provenance.language.tagging import Sentence, Token
    from watermark.options import Option
    from watermark.rules import SiteRules
    from watermark.spelling import Convention

OBJECTS = frozenset("me him it us them you her this these that those".split())  # noqa: SIM905 - a list of words reads better as words
"""After a verb of two words a pronoun would stand in the wrong place: "carry out it"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One word that might be changed."""

    token: Token
    sentence: tuple[int, int]
    """Where its sentence begins and ends in the text."""
    governs: bool
    """Whether it is a verb or adjective before a preposition or conjunction that belongs to it."""
    options: tuple[Option, ...]
    """Wordings in lower case, likeliest first; at least one."""


def find(
    text: str, read: Sequence[Sentence], *, rules: SiteRules, opaque: Sequence[tuple[int, int]]
) -> Iterator[list[Proposal]]:
    """Give the proposals of a text, sentence by sentence.

    Parameters
    ----------
    read
        The text's sentences, by a tagger.
    opaque
        Spans to leave alone beside those that are no prose.
    """
    quoted = prose.quotations(text) if rules.spare_quotations else ()
    closed = prose.merged([*prose.find(text), *quoted, *((start, end) for start, end in opaque)])
    seen = frozenset(token.text for sentence in read for token in sentence.tokens)
    ours = functools.partial(_spelt_alike, spelling.used(seen))
    offered = published.find if rules.synonyms in published.METHODS else ours
    for sentence in read:
        found = _of_sentence(text, sentence, rules, seen, offered)
        yield [one for one in found if not _closed(text, closed, one.token)]


@functools.lru_cache(maxsize=65_536)
def _spelt_alike(conventions: frozenset[Convention], form: str, lemma: str, xpos: str) -> tuple[Option, ...]:
    """Offer no wording in a spelling that the text does not have."""
    return tuple(one for one in options.find(form, lemma, xpos) if not spelling.clashes(one.text, conventions))


def _of_sentence(
    text: str,
    sentence: Sentence,
    rules: SiteRules,
    seen: frozenset[str],
    offered: Callable[[str, str, str], tuple[Option, ...]],
) -> Iterator[Proposal]:
    following = {one.start: other for one, other in pairwise(sentence.tokens)}
    for token, governs in eligibility.eligible(text, sentence, min_certainty=rules.min_certainty, seen=seen):
        found = offered(token.text.casefold(), token.lemma.casefold(), token.xpos)
        if token.xpos[0] == "V" and _parts(following.get(token.start), governs=governs):
            found = tuple(option for option in found if " " not in option.text)
        if found:
            yield Proposal(token=token, sentence=(sentence.start, sentence.end), governs=governs, options=found)


def _parts(after: Token | None, *, governs: bool) -> bool:
    """Say whether what follows a verb would part a verb of two words, or clash with its second."""
    return governs or (after is not None and after.text.casefold() in OBJECTS)


def _closed(text: str, closed: tuple[tuple[int, int], ...], token: Token) -> bool:
    """Say whether a word, or the article before it, touches a closed span."""
    before = articles.before(text, token.start)
    start = before.start() if before else token.start
    place = bisect_right(closed, (token.end,)) - 1
    return place >= 0 and closed[place][1] > start and closed[place][0] < token.end
