"""Which pieces begin alike, so that what they share need be read only once?

Records with one context before them (few-shot prefixes, variants of a document that differ late) share their first
tokens. Read once and kept, these cost their tokens once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORTEST = 32
"""Tokens from which a beginning is worth keeping."""
SAVED = 0.25
"""Share of a group's tokens that must be saved: what is kept has to be copied, and small batches are slower."""


def groups(sequences: Sequence[tuple[int, ...]]) -> list[tuple[int, list[int]]]:
    """Find sequences that begin alike: how many tokens they share, and which they are; each is in one group at most.

    Examples
    --------
    >>> start = tuple(range(40))
    >>> groups([(*start, 1), (7, 7), (*start, 2), (*start, 3)])
    [(40, [0, 2, 3])]
    """
    found, members, shared = list[tuple[int, list[int]]](), list[int](), 0
    for index in sorted(range(len(sequences)), key=sequences.__getitem__):
        common = _common(sequences[members[-1]], sequences[index]) if members else 0
        longest = min(common, shared) if len(members) > 1 else common
        if members and longest >= SHORTEST and len(members) * longest >= (len(members) - 1) * shared:
            members, shared = [*members, index], longest
            continue
        found.append((shared, members))
        members, shared = [index], 0
    found.append((shared, members))
    return [(shared, members) for shared, members in found if _pays(shared, [len(sequences[row]) for row in members])]


def _common(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _pays(shared: int, sizes: Sequence[int]) -> bool:
    return len(sizes) > 1 and shared * (len(sizes) - 1) >= SAVED * sum(sizes)
