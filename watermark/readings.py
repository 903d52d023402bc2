"""Which coins of a copy does a text give a reading of, and which reading?

One coin has one reading. Where several passages claim the same words of a text, the one that goes together farthest
is heard; where a coin was read several times, the majority; a tie is no reading. All of it looks at texts and at
documents before marking, never at the deal.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from watermark import variants

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from watermark.flows import Flow
    from watermark.ledger import Marked
    from watermark.locating import Passage, Reading

CoinName = tuple[str, ...]
"""Id of the document, and the coin's name in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A document and where texts follow it."""

    document: Marked
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What one text reads of one document."""

    document: Marked
    text: int
    place: tuple[int, int]
    """First word in the flow, and the one after the last."""
    sides: Mapping[CoinName, Counter[int]]
    """How often each side of each coin was read."""


def sightings(located: Sequence[Located], flow: Flow) -> list[Sighting]:
    """Hear, of every word of the texts, the passages that go together farthest; one sighting a document and text."""
    farthest = _farthest(located, len(flow.words))
    return [
        sighting
        for one in located
        for text in sorted({flow.text[passage.runs[0].place[0]] for passage in one.passages})
        if (sighting := _sighting(one, text, flow, farthest)) is not None
    ]


def settle(seen: Iterable[Sighting]) -> dict[CoinName, int]:
    """Give each coin the side that most of its readings have, and none to one whose readings tie."""
    together = dict[CoinName, Counter[int]]()
    for sighting in seen:
        for coin, counts in sighting.sides.items():
            together.setdefault(coin, Counter()).update(counts)
    return {coin: side for coin, counts in together.items() if (side := majority(counts)) is not None}


def fallen(document: Marked) -> dict[CoinName, int]:
    """Say which side each coin of a document fell on in the published variant: the deal itself, looked at last."""
    return {
        (document.id, *variants.coin(site)): variants.sides(site).index(chosen[0])
        for site, chosen in zip(document.sites, document.chosen, strict=True)
    }


def _farthest(located: Sequence[Located], words: int) -> Sequence[int]:
    farthest = np.zeros(words, dtype=np.int64)
    for passage in (passage for one in located for passage in one.passages):
        for run in passage.runs:
            np.maximum(farthest[slice(*run.place)], passage.words, out=farthest[slice(*run.place)])
    return farthest.tolist()


def _sighting(one: Located, text: int, flow: Flow, farthest: Sequence[int]) -> Sighting | None:
    within = [passage for passage in one.passages if flow.text[passage.runs[0].place[0]] == text]
    heard = [(passage, found) for passage in within if (found := _heard(passage, farthest))]
    if not heard:
        return None
    sides = dict[CoinName, Counter[int]]()
    for reading in (reading for _, found in heard for reading in found):
        coin = (one.document.id, *variants.coin(one.document.sites[reading.site]))
        sides.setdefault(coin, Counter())[reading.side] += 1
    firsts, lasts = zip(*(run.place for passage, _ in heard for run in passage.runs), strict=True)
    return Sighting(document=one.document, text=text, place=(min(firsts), max(lasts)), sides=sides)


def _heard(passage: Passage, farthest: Sequence[int]) -> list[Reading]:
    """Give the readings of a passage where no other goes together farther."""
    readings = (reading for run in passage.runs for reading in run.readings)
    return [reading for reading in readings if farthest[reading.place] == passage.words]


def majority(counts: Counter[int]) -> int | None:
    """Give the side that was read most often, or None where two were."""
    (side, most), *others = counts.most_common(2)
    return None if others and others[0][1] == most else side
