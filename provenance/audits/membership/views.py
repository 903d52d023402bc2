"""Which other texts must a suspect be asked about, for signals that need a pass of their own?

Three signals compare a text with something made of it: its lower-case form, itself after a prefix of other texts, and
neighbours that a reader would take for the same kind of text. What is made depends on texts and ids alone, so that an
audit of saved scores finds the same again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from provenance.audits.membership.pools import SETS
from provenance.errors import InputError
from provenance.language import words
from provenance.records import Record, generator

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from provenance.audits.membership.pools import Pool

PASSES = ("lower-case", "recall", "neighbourhood")
"""Signals that are measured only where these views were scored."""
LOWER = "lower"
SHOTS, PREFIX_CHARACTERS = 7, 2_000
"""Non-members in a prefix, and what is kept of them."""
FEWEST = 2
"""Clusters that must be left of each side."""
NEIGHBOURS, REPLACED, RANKS = 5, 0.15, 16
"""Neighbours a text, share of its words that are other in each, and how far in frequency rank another may lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """Non-members that stand before every text; all clusters up to the last of them leave the test."""

    text: str
    rows: NDArray[np.bool_]
    """Which rows of the pool leave, shape ``(n,)``: a beginning of it, in the order of the hash. Were the members there
    left in, it would be known of them that they are members, and exchanging them would be no draw of the null."""

    @property
    def view(self) -> str:
        """Name of the view that was scored after this prefix."""
        return f"prefix:{hashlib.sha256(self.text.encode()).hexdigest()[:16]}"


def records(pool: Pool, *, passes: Collection[str] = ()) -> tuple[Record, ...]:
    """Lay every text before a suspect, and the views that the named signals need.

    Raises
    ------
    InputError
        If a name is none of `PASSES`.
    """
    if unknown := sorted(set(passes) - set(PASSES)):
        raise InputError(f"signal {unknown[0]!r} needs no pass of its own", expected=" or ".join(PASSES))
    return tuple(
        Record(
            id=id_,
            text=text,
            context=context,
            set=SETS[0] if member else SETS[1],
            view=view,
        )
        for view, context, texts in _views(pool, passes)
        for id_, text, member in zip(pool.ids, texts, pool.sides, strict=True)
    )


def cost(asked: Sequence[Record]) -> tuple[int, int]:
    """Count the texts and characters that are asked beyond the texts themselves."""
    more = [record for record in asked if record.view != "text"]
    return len(more), sum(len(record.text or "") + len(record.context) for record in more)


def prefix(pool: Pool) -> Prefix:
    """Take the first non-members in the order of the hash, each from a cluster of its own.

    Raises
    ------
    InputError
        If that would leave fewer than two clusters of a side.
    """
    others = np.flatnonzero(~pool.sides)
    _, first = np.unique(pool.clusters[others], return_index=True)
    shots = others[np.sort(first)][:SHOTS]
    if len(first) < len(shots) + FEWEST:
        raise InputError(
            f"{len(first)} clusters of non-members",
            expected=f"at least {SHOTS + FEWEST}: recall spends {SHOTS} on a prefix",
        )
    leaving = pool.clusters <= pool.clusters[shots].max()
    left = len(np.unique(pool.clusters[pool.sides & ~leaving]))
    if left < FEWEST:
        raise InputError(
            f"{left} clusters of members would be left beside the prefix of recall", expected=f"at least {FEWEST}"
        )
    share = PREFIX_CHARACTERS // SHOTS
    return Prefix(text="".join(pool.texts[row][:share].strip() + "\n\n" for row in shots), rows=leaving)


def neighbour_view(number: int) -> str:
    """Name the view of one neighbour."""
    return f"neighbour:{number}"


def neighbours(texts: Sequence[str], *, number: int) -> list[str]:
    """Put other words of like frequency in place of some words of each text.

    The words come from all texts together, members or not. `number` picks one of several such neighbours.
    """
    counts = Counter(word.text.casefold() for text in texts for word in words.find(text))
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    ranks = {word: rank for rank, word in enumerate(ranked)}
    return [_neighbour(text, number=number, ranked=ranked, ranks=ranks) for text in texts]


def _views(pool: Pool, passes: Collection[str]) -> Iterator[tuple[str, str, Sequence[str]]]:
    yield "text", "", pool.texts
    if "lower-case" in passes:
        yield LOWER, "", [text.lower() for text in pool.texts]
    if "recall" in passes:
        before = prefix(pool)
        yield before.view, before.text, pool.texts
    if "neighbourhood" in passes:
        for number in range(NEIGHBOURS):
            yield neighbour_view(number), "", neighbours(pool.texts, number=number)


def _neighbour(text: str, *, number: int, ranked: Sequence[str], ranks: dict[str, int]) -> str:
    found = words.find(text)
    rng = generator(number, text)
    chosen = np.flatnonzero(rng.random(len(found)) < REPLACED)
    steps = rng.integers(1, RANKS + 1, size=len(chosen)) * rng.choice([-1, 1], size=len(chosen))
    parts, done = list[str](), 0
    for at, step in zip(chosen, steps, strict=True):
        word = found[at]
        # Beyond either end of the ranks it goes back to the other side.
        rank = abs(ranks[word.text.casefold()] + int(step))
        other = ranked[min(rank, max(0, 2 * len(ranked) - 2 - rank))]
        parts += [text[done : word.start], other.capitalize() if word.text[0].isupper() else other]
        done = word.end
    return "".join([*parts, text[done:]])
