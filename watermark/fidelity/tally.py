"""How many words were changed, which, and would readers accept the changes?

One pass over all documents, exact. Memory grows with the vocabulary and no further: acceptability is kept as counts of
ten-thousandths, the precision in which ledgers hold it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from watermark.fidelity.means import NotMeasured

if TYPE_CHECKING:
    from watermark.fidelity.changes import Change

STEPS = 10_000
BINS = 10
DOUBTFUL = 0.5
MOST = 20
"""Words that are named."""
SHARED = 5
"""Documents in which a word must have been changed before the certificate names it: rarer words tell where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptability:
    """Probabilities that readers accept the published changes."""

    n: int
    """Changes that were judged."""
    mean: float
    quartiles: tuple[float, float, float]
    share_below_half: float
    histogram: tuple[int, ...]
    """Changes in ten equal bins from 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """One word and what took its place, casefolded, without an article that changed with it."""

    word: str
    count: int
    by: tuple[tuple[str, int], ...]
    """Wordings with their counts, most frequent first."""


class Tally:
    """Changes counted, document by document."""

    def __init__(self) -> None:
        self._levels = np.zeros(STEPS + 1, dtype=np.int64)
        self._words, self._documents = Counter[str](), Counter[str]()
        self._pairs = Counter[tuple[str, str]]()  # of word and wording

    def add(self, changes: tuple[Change, ...]) -> None:
        """Count the changes of one document."""
        for change in changes:
            self._words[change.word] += 1
            self._pairs[change.word, _bare(change)] += 1
            if change.acceptability is not None:
                self._levels[round(change.acceptability * STEPS)] += 1
        self._documents.update({change.word for change in changes})

    def acceptability(self) -> Acceptability | NotMeasured:
        """Sum up what readers would accept."""
        total = int(self._levels.sum())
        if not self._words:
            return NotMeasured(reason="nothing was changed")
        if not total:
            return NotMeasured(reason="who chose the wordings gives no probability that readers accept them")
        levels = np.arange(STEPS + 1) / STEPS
        below = int(self._levels[: round(DOUBTFUL * STEPS)].sum())
        # In whole numbers, since 0.3 is a little less than three tenths; the topmost level, 1, belongs to the last bin.
        bins = np.minimum(np.arange(STEPS + 1) * BINS // STEPS, BINS - 1)
        histogram = np.bincount(bins, weights=self._levels)
        return Acceptability(
            n=total,
            mean=float(self._levels @ levels) / total,
            quartiles=(self._quantile(0.25), self._quantile(0.5), self._quantile(0.75)),
            share_below_half=below / total,
            histogram=tuple(int(count) for count in histogram),
        )

    def words(self) -> tuple[tuple[str, int], ...]:
        """Give the words most often changed, those changed in at least `SHARED` documents."""
        shared = [(word, count) for word, count in _ranked(self._words) if self._documents[word] >= SHARED]
        return tuple(shared[:MOST])

    def replaced(self) -> tuple[Replaced, ...]:
        """Give the words most often changed with what took their place: secret."""
        by = {word: Counter[str]() for word, _ in _ranked(self._words)[:MOST]}
        for (word, published), count in self._pairs.items():
            if word in by:
                by[word][published] = count
        return tuple(Replaced(word=word, count=self._words[word], by=tuple(_ranked(new))) for word, new in by.items())

    def _quantile(self, share: float) -> float:
        """Give the least level that at least this share of changes does not exceed."""
        running = np.cumsum(self._levels)
        return int(np.searchsorted(running, share * running[-1])) / STEPS


def _bare(change: Change) -> str:
    held, published = change.original.casefold().removesuffix(change.word), change.published.casefold()
    return published.split(maxsplit=1)[-1] if held else published


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    """Order by count, and by name where counts are equal: whoever counted, and in whatever order."""
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
