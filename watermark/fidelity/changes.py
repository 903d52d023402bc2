"""Which sentences of a document were changed, and from what to what?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance.language import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watermark.ledger import Marked

LONGEST = 1000
"""Code points after which a sentence is cut: a file without stops is no sentence to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One wording that gave way to another."""

    start: int
    end: int
    """Where the original stands, in code points of its text."""
    word: str
    """The word as it stood, casefolded."""
    original: str
    published: str
    acceptability: float | None
    """Probability that a reader accepts it, where somebody was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One changed sentence."""

    document: str
    place: int
    """Offset in its document."""
    text: str
    """As it stood."""
    changes: tuple[Change, ...]
    """In order, apart; at least one. Offsets count from the document's beginning."""

    def pieces(self) -> Iterator[tuple[str, Change | None]]:
        """Give the original in reading order: text that stayed, and the changes where they stand."""
        at = self.place
        for change in self.changes:
            yield self.text[at - self.place : change.start - self.place], None
            yield change.original, change
            at = change.end
        yield self.text[at - self.place :], None

    @property
    def published(self) -> str:
        """The sentence as it was published."""
        return "".join(change.published if change else text for text, change in self.pieces())


def find(document: Marked) -> tuple[Change, ...]:
    """Give every change that was published."""
    return tuple(
        Change(
            start=site.start,
            end=site.end,
            word=site.word,
            original=site.options[0],
            published=site.options[choices[0]],
            acceptability=site.acceptability[choices[0]] if site.acceptability else None,
        )
        for site, choices in zip(document.sites, document.chosen, strict=True)
        if choices[0] != 0
    )


def in_sentences(document: Marked) -> Iterator[Sentence]:
    """Give the sentences that hold published changes, each change once."""
    changes, at = find(document), 0
    for start, end in _spans(document.text):
        first = at
        while at < len(changes) and changes[at].start < end:
            at += 1
        if at > first:
            inside = changes[first:at]
            begin, stop = min(start, inside[0].start), max(end, inside[-1].end)
            yield Sentence(document=document.id, place=begin, text=document.text[begin:stop], changes=inside)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for start, end in sentences.find(text):
        for at in range(start, end, LONGEST):
            yield at, min(at + LONGEST, end)
