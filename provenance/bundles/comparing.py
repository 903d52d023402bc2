"""In what does evidence that was computed again differ from what is claimed?"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from provenance import evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from provenance.evidence import Evidence

RELATIVE, ABSOLUTE = 1e-9, 1e-12
"""What rounding on another machine may change; the digest of the file sees the rest."""
EXACT = "pvalue"
"""How the name of a number ends that may be as small as it likes, and means something else each time."""
OWN = frozenset({"tool", "schema"})
"""What says who computed it."""
LATER = frozenset({"unreferenced"})
"""Fields that evidence of the first version lacks; one that is added to `Evidence` belongs here: old bundles verify."""
SHOWN, BEFORE = 80, 20
"""Letters of a value that a line of a terminal shows, and how many of them stand before the first that differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field that is not what comes out again."""

    field: str
    claimed: Any
    found: Any

    def __str__(self) -> str:
        claimed, found = _text(self.claimed), _text(self.found)
        same = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(claimed, found, strict=False)))
        return f"{self.field}: {_short(claimed, same)} claimed, {_short(found, same)} computed again"


def compare(claimed: Evidence, found: Evidence) -> tuple[int, tuple[Difference, ...]]:
    """Count the values that were compared, and give those that differ by more than rounding, other inputs first."""
    one, other = evidence.to_json(claimed), evidence.to_json(found)
    for name in OWN:
        del one[name], other[name]
    return sum(1 for _ in _leaves(other)), tuple(sorted(differ("", one, other), key=_is_number))


def unsaid(differences: Iterable[Difference]) -> tuple[list[Difference], list[Difference]]:
    """Part what an earlier version could not have claimed from what was claimed otherwise."""
    parts: tuple[list[Difference], list[Difference]] = [], []
    for one in differences:
        parts[not (one.field in LATER and one.claimed is None)].append(one)
    return parts


def differ(place: str, one: Any, other: Any) -> Iterator[Difference]:
    """Give what differs by more than rounding between two JSON values, the first claimed."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in [*one, *(name for name in other if name not in one)]:
            yield from differ(f"{place}.{name}" if place else name, one.get(name), other.get(name))
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        for number, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from differ(f"{place}[{number}]", first, second)
    elif not _same(one, other, absolute=0.0 if place.endswith(EXACT) else ABSOLUTE):
        yield Difference(field=place, claimed=one, found=other)


def _same(one: Any, other: Any, *, absolute: float) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=RELATIVE, abs_tol=absolute)
    numbers = [isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other)]
    return bool(one == other) and numbers[0] == numbers[1]


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)
    else:
        yield value


def _is_number(difference: Difference) -> bool:
    """Tell what was computed from what it was computed from, which explains the rest."""
    return not difference.field.startswith("inputs")


def _text(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _short(text: str, same: int) -> str:
    """Show what fits on a line, from shortly before where the other text begins to differ."""
    if len(text) <= SHOWN:
        return text
    start = max(0, min(same - BEFORE, len(text) - SHOWN))
    shown = text[start : start + SHOWN]
    return f"{'…' if start else ''}{shown}{'…' if start + SHOWN < len(text) else ''}"
