"""Which words do the texts under audit have, in which order, and where does each window of them stand?"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from provenance.language import words
from watermark import lattices

if TYPE_CHECKING:
    from collections.abc import Iterable

    from provenance.records import Document

WINDOW = 4
"""Consecutive words by which a document is first noticed in a text."""
OFTEN = 16
"""A window that stands more often in one text is a refrain: it leads nowhere."""
EDGE = -3
"""Stands before, between and after texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Words of all texts, one after another."""

    names: list[str] = field(default_factory=list)
    """Ids of the texts."""
    words: list[int] = field(default_factory=lambda: [EDGE])
    """Numbers of the words."""
    text: array[int] = field(default_factory=lambda: array("l", [-1]))
    """For each word, which text it stands in."""
    start: array[int] = field(default_factory=lambda: array("l", [0]))
    """For each word, its first code point in its text."""
    end: array[int] = field(default_factory=lambda: array("l", [0]))
    vocabulary: dict[str, int] = field(default_factory=dict)
    """Number of each word, as `lattices.spelt`."""
    windows: dict[tuple[int, ...], list[int]] = field(default_factory=dict)
    """Where each window of `WINDOW` words begins."""

    @property
    def total(self) -> int:
        """How many words there are."""
        return len(self.words) - len(self.names) - 1


def read(texts: Iterable[Document]) -> Flow:
    """Number and index the words of texts; memory in their size."""
    flow = Flow()
    for document in texts:
        first = len(flow.words)
        _append(flow, document)
        _index(flow, first)
        flow.words.append(EDGE)
        flow.text.append(-1)
        flow.start.append(0)
        flow.end.append(0)
    return flow


def _append(flow: Flow, document: Document) -> None:
    for word in words.WORD.finditer(document.text):
        flow.words.append(flow.vocabulary.setdefault(lattices.spelt(word[0]), len(flow.vocabulary)))
        flow.text.append(len(flow.names))
        flow.start.append(word.start())
        flow.end.append(word.end())
    flow.names.append(document.id)


def _index(flow: Flow, first: int) -> None:
    last = len(flow.words) - WINDOW + 1
    windows = [tuple(flow.words[at : at + WINDOW]) for at in range(first, last)]
    counts = Counter(windows)
    for at, window in enumerate(windows, start=first):
        if counts[window] <= OFTEN:
            flow.windows.setdefault(window, []).append(at)
