"""In what does evidence that was computed again differ from what is claimed?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from provenance import evidence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenance.evidence import Evidence

RELATIVE, ABSOLUTE = 1e-9, 1e-12
"""What rounding on another machine may change; the digest of the file sees the rest."""
OWN = frozenset({"tool", "schema"})
"""What says who computed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field that is not what comes out again."""

    field: str
    claimed: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.field}: {_short(self.claimed)} claimed, {_short(self.found)} computed again"


def compare(claimed: Evidence, found: Evidence) -> tuple[int, tuple[Difference, ...]]:
    """Count the values that were compared, and give those that differ by more than rounding."""
    one, other = evidence.to_json(claimed), evidence.to_json(found)
    for name in OWN:
        del one[name], other[name]
    return sum(1 for _ in _leaves(other)), tuple(differ("", one, other))


def differ(place: str, one: Any, other: Any) -> Iterator[Difference]:
    """Give what differs by more than rounding between two JSON values, the first claimed."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in [*one, *(name for name in other if name not in one)]:
            yield from differ(f"{place}.{name}" if place else name, one.get(name), other.get(name))
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        for number, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from differ(f"{place}[{number}]", first, second)
    elif not _same(one, other):
        yield Difference(field=place, claimed=one, found=other)


def _same(one: Any, other: Any) -> bool:
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other)):
        return math.isclose(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return bool(one == other)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)
    else:
        yield value


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"  # noqa: PLR2004 (a line of a terminal)
