"""How does long work tell of itself in a pipe or in the log of a CI, where no bar can be drawn?"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SOON, LATE = 30.0, 300.0
"""Seconds without a line: short of the first there is never one, after the second always."""
STEP = 0.1
"""Share of the work that is worth a line before it is late."""
FAST = 10
"""Units a second that are told without a fraction."""
UNITS = ((3_600, "h"), (60, "min"), (1, "s"))


def ticking(
    what: str, *, unit: str, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic
) -> Callable[[int, int | None], None]:
    """Give a function ``report(done, total)`` that tells in whole lines how far the work is, and seldom.

    The first line comes after half a minute, so that short work says nothing; then one for each tenth of the work,
    never closer than half a minute, and at the least one every five minutes: most CIs end a job that is silent for ten.
    """
    began = last = clock()
    told: float | None = None

    def report(done: int, total: int | None) -> None:
        nonlocal last, told
        now = clock()
        share = done / total if total else 0.0
        if now - last >= SOON and (told is None or share >= told + STEP or now - last >= LATE):
            last, told = now, share
            tell(_line(what, unit, done, total, seconds=now - began))

    return report


def _line(what: str, unit: str, done: int, total: int | None, *, seconds: float) -> str:
    pace = done / seconds
    speed = f"{pace:,.0f} {unit}/s" if pace >= FAST else f"{pace:.2g} {unit}/s"
    if not total:
        return f"{what}: {done:,} {unit} after {spell(seconds)}, {speed}"
    left = f", about {spell(seconds * (total - done) / done)} left" if 0 < done < total else ""
    return f"{what}: {done / total:.0%}, {done:,} of {total:,} {unit} after {spell(seconds)}, {speed}{left}"


def spell(seconds: float) -> str:
    """Spell a duration by its largest unit and one digit behind it.

    Examples
    --------
    >>> spell(2.5), spell(90), spell(5_400)
    ('2.5 s', '1.5 min', '1.5 h')
    """
    size, unit = next(((size, unit) for size, unit in UNITS if seconds >= size), UNITS[-1])
    return f"{seconds / size:.1f} {unit}"
