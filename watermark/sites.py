"""Where in a text is more than one wording acceptable, and which wordings are they?

Everything here is decided without the key: by the text, the lexicon and the rules alone. A site's options are
inflected and cased like the word that stands there, and include the article where "a" and "an" must change.

>>> for site in find("She bought a large house.", rules=SiteRules()):
...     print(site.start, site.options)
4 ('bought', 'purchased')
13 ('large', 'big', 'huge')
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from provenance.language import pipelines
from provenance.language import surprisal as frequencies
from watermark import acceptability, articles, proposals, published
from watermark.encoder import Drift, Substitution
from watermark.rules import OURS, SiteRules

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator, Sequence

    from provenance.language.tagging import Tagger
    from watermark.encoder import Encoder
    from watermark.proposals import Proposal

GOVERNED = 0.8
"""Least probability for a word before a preposition that belongs to it: another word may take another."""
WIDEST = 3
"""At most so many wordings of a word are judged in their place, the likeliest."""
NEAREST = Drift(sentence=1.0, span=0.85)
"""A wording that would not pass if it drifted as little as this is not read: of 4,912 wordings in technical prose 66 %,
among them 3 % of those that would have passed (minilm, least acceptability 0.6)."""


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


def find(
    text: str, *, rules: SiteRules, tagger: Tagger | None = None, encoder: Encoder | None = None
) -> tuple[Site, ...]:
    """Find the sites of one text, as `find_all` does."""
    return find_all([(text, ())], rules=rules, tagger=tagger, encoder=encoder)[0]


def find_all(
    documents: Sequence[tuple[str, Sequence[tuple[int, int]]]],
    *,
    rules: SiteRules,
    tagger: Tagger | None = None,
    encoder: Encoder | None = None,
    surprisal: Callable[[str], float] = frequencies.surprisal,
) -> list[tuple[Site, ...]]:
    """Find the sites of many texts: in order, never overlapping each other or what is opaque.

    Parameters
    ----------
    documents
        Texts, each with further spans ``(start, end)`` of it to leave alone, in code points.
    rules
        Which sites are taken.
    tagger
        Who tags the words; the pipeline that comes with the package when None.
    encoder
        Judges wordings in their places, many at a time; without one they are judged by themselves.
    surprisal
        Bits of a word: a sentence's most surprising words are taken first.

    Raises
    ------
    ValueError
        If the rules name a published method that needs an encoder, and there is none.
    """
    if rules.synonyms in published.READING and encoder is None:
        raise ValueError(f"synonyms={rules.synonyms!r} needs an encoder")
    read = (tagger or pipelines.default()).read([text for text, _ in documents])
    asked = [
        _Asked(
            text=text,
            sentences=tuple(
                tuple(_likely(one, rules, reads=encoder is not None) for one in sentence)
                for sentence in proposals.find(text, found, rules=rules, opaque=opaque)
            ),
        )
        for (text, opaque), found in zip(documents, read, strict=True)
    ]
    drifts = iter(encoder.drifts([one for document in asked for one in _substitutions(document)]) if encoder else ())
    return [_settled(document, rules, drifts, surprisal) for document in asked]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A text and what might be changed in it, sentence by sentence."""

    text: str
    sentences: tuple[tuple[Proposal, ...], ...]


def _likely(proposal: Proposal, rules: SiteRules, *, reads: bool) -> Proposal:
    """Leave out wordings that are not worth judging in their place."""
    if rules.synonyms != OURS:
        return proposal
    best, bar = NEAREST if reads else None, _bar(proposal, rules)
    kept = (one for one in proposal.options[:WIDEST] if acceptability.probability(one.log_odds, best) >= bar)
    return replace(proposal, options=tuple(kept))


def _bar(proposal: Proposal, rules: SiteRules) -> float:
    """Give the least probability: a word that governs what follows gives way only to one that surely does the same."""
    return max(rules.min_acceptability, GOVERNED) if proposal.governs else rules.min_acceptability


def _substitutions(document: _Asked) -> Iterator[Substitution]:
    """Ask about every wording in the place of its word, in reading order."""
    for proposal in chain.from_iterable(document.sentences):
        start, end = proposal.sentence
        token = proposal.token
        for option in proposal.options:
            yield Substitution(
                text=document.text[start:end],
                start=token.start - start,
                end=token.end - start,
                replacement=_cased(option.text, token.text),
            )


def _settled(
    document: _Asked, rules: SiteRules, drifts: Iterator[Drift], surprisal: Callable[[str], float]
) -> tuple[Site, ...]:
    found = list[Site]()
    for sentence in document.sentences:
        judged = [(one, _accepted(one, rules, [next(drifts, None) for _ in one.options])) for one in sentence]
        ranked = sorted(
            ((surprisal(one.token.text), _site(document.text, one, others)) for one, others in judged if others),
            key=lambda pair: (-pair[0], pair[1].start),
        )
        found += sorted((site for _, site in ranked[: rules.per_sentence]), key=lambda site: site.start)
    return tuple(found)


def _accepted(proposal: Proposal, rules: SiteRules, drifts: Sequence[Drift | None]) -> list[tuple[str, float | None]]:
    """Give the wordings that are taken, in the word's case, each with the probability that a reader accepts it.

    Published methods give no probability.
    """
    pairs = zip(proposal.options, drifts, strict=True)
    if rules.synonyms != OURS:
        taken = [(option, None) for option, drift in pairs if published.accepts(rules.synonyms, drift)]
        return [(_cased(option.text, proposal.token.text), None) for option, _ in taken[: rules.max_options - 1]]
    bar = _bar(proposal, rules)
    judged = [(option, acceptability.probability(option.log_odds, drift)) for option, drift in pairs]
    best = sorted(judged, key=lambda pair: (-pair[1], pair[0].text))[: rules.max_options - 1]
    return [(_cased(option.text, proposal.token.text), accepted) for option, accepted in best if accepted >= bar]


def _site(text: str, proposal: Proposal, others: Sequence[tuple[str, float | None]]) -> Site:
    token = proposal.token
    before = articles.before(text, token.start)
    start = before.start() if before and _changes(token.text, others) else token.start
    wordings = sorted(
        (_with_article(before, wording) if start < token.start else wording, accepted) for wording, accepted in others
    )
    known = tuple(round(accepted, 4) for _, accepted in wordings if accepted is not None)
    return Site(
        start=start,
        end=token.end,
        word=token.text.casefold(),
        options=(text[start : token.end], *(wording for wording, _ in wordings)),
        acceptability=(1.0, *known) if len(known) == len(wordings) else (),
    )


def _cased(option: str, original: str) -> str:
    if original.isupper() and len(original) > 1:
        return option.upper()
    return option[0].upper() + option[1:] if original[0].isupper() else option


def _changes(original: str, others: Sequence[tuple[str, float | None]]) -> bool:
    return any(articles.article(wording) != articles.article(original) for wording, _ in others)


def _with_article(before: re.Match[str] | None, option: str) -> str:
    if before is None:
        return option
    article = articles.article(option)
    cased = article.upper() if option.isupper() else article.capitalize() if before[1][0].isupper() else article
    return f"{cased}{before[2]}{option}"
