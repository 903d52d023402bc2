"""How far does what was read of a copy agree with what its key dealt, and in which documents?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance.records import hash_order
from watermark import readings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from watermark.flows import Flow
    from watermark.readings import CoinName, Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Every coin that was read, in walking order, before words are put to it."""

    sides: NDArray[np.int64]
    agree: NDArray[np.bool_]
    found: tuple[dict[str, Any], ...]
    """Documents and texts, the most telling first."""
    ties: int
    """Coins whose readings tied."""


def compare(seen: Sequence[Sighting], flow: Flow) -> Agreement:
    """Compare readings with the deal, coins in the order of a hash of their names."""
    fell = dict[readings.CoinName, int]()
    for sighting in seen:
        fell.update(readings.fallen(sighting.document))
    settled = readings.settle(seen)
    names = list(settled)
    walk = [names[index] for index in hash_order(["\x00".join(name) for name in names])]
    read = {coin for sighting in seen for coin in sighting.sides}
    return Agreement(
        sides=np.array([_sides(coin) for coin in walk], dtype=np.int64),
        agree=np.array([fell[coin] == settled[coin] for coin in walk], dtype=bool),
        found=_found(seen, fell, flow),
        ties=len(read) - len(settled),
    )


def _sides(coin: CoinName) -> int:
    """Count the options of a coin: its name is the document, the word, and they."""
    _, _, *options = coin
    return len(options)


def _found(seen: Iterable[Sighting], fell: Mapping[CoinName, int], flow: Flow) -> tuple[dict[str, Any], ...]:
    rows = [(_weight(sighting, fell), _row(sighting, fell, flow)) for sighting in seen]
    ranked = sorted(rows, key=lambda one: (-one[0], -one[1]["coins"], one[1]["document"], one[1]["text"]))
    return tuple(row for _, row in ranked)


def _row(sighting: Sighting, fell: Mapping[CoinName, int], flow: Flow) -> dict[str, Any]:
    agreeing = _agreeing(sighting, fell)
    first, after = sighting.place
    return {
        "document": sighting.document.id,
        "text": flow.names[sighting.text],
        "start": flow.start[first],
        "end": flow.end[after - 1],
        "coins": len(agreeing),
        "agreeing": sum(agreeing.values()),
    }


def _weight(sighting: Sighting, fell: Mapping[CoinName, int]) -> int:
    """Give a document's part of the statistic."""
    return sum(_sides(coin) * agrees - 1 for coin, agrees in _agreeing(sighting, fell).items())


def _agreeing(sighting: Sighting, fell: Mapping[CoinName, int]) -> dict[CoinName, bool]:
    settled = readings.settle([sighting])
    return {coin: fell[coin] == side for coin, side in settled.items()}
