"""Which variants of which documents is a suspect asked, when it is not asked all of them?

Documents first, variants second: each alternate of a document shares its published variant's luck, so a new document
tells more than another alternate. The published variant is never asked alone, alternates come in the order of their
indices, and nothing but the wordings decides which documents come first: those whose asked variants differ at the most
sites, ties by a hash of seed and id.

That choice keeps the test exact. It hangs on a document's first k variants alike, whichever of them was published, so
given the k texts that are asked the published index is still uniform among them. (Taking the first alternate that
differs from the published variant would not: what most alternates say would then be published too seldom.)
"""

from __future__ import annotations

import hashlib
import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance.errors import InputError
from watermark import ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from provenance.records import Record
    from watermark.ledger import Ledger, Marked

PAIR = 2
Name = tuple[str, str]
"""Set and id of a document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """How many variants of each document are asked, from the published one on."""

    counts: Mapping[Name, int]
    """At least 2 each; documents that are not asked are not named."""
    documents: int
    """How many there are."""
    method: str

    @property
    def texts(self) -> int:
        """How many texts are asked."""
        return sum(self.counts.values())


def choose(books: Sequence[Ledger], *, most: int | None = None, seed: int = 0) -> Queries:
    """Choose what is asked with at most `most` texts; None asks every variant of every document.

    Raises
    ------
    InputError
        If `most` is below 2: the published variant alone has nothing to be compared with.
    """
    documents = named(books)
    if most is None:
        counts = {name: marked.variants for name, marked in documents.items()}
        return Queries(counts=counts, documents=len(documents), method="every variant of every document")
    return Queries(
        counts=dict(spend(documents, most=most, seed=seed)),
        documents=len(documents),
        method=f"at most {most} texts, documents first: those that differ at most sites, then by hash(seed={seed}, id)",
    )


def spend(documents: Mapping[Name, Marked], *, most: int | None, seed: int) -> Iterator[tuple[Name, int]]:
    """Give, one after another, a document and up to which number its variants are asked: 2 of each, then 3, and so on.

    What is spent must not tell variants apart either: 2 for a pair, 1 for each further alternate, like texts or not.
    """
    if most is not None and most < PAIR:
        raise InputError(f"{most} queries", expected="at least 2: a published variant and an alternate")
    left = math.inf if most is None else most
    highest = max((marked.variants for marked in documents.values()), default=0)
    for variants in range(PAIR, highest + 1):
        for name in walk(documents, variants=variants, seed=seed):
            left -= PAIR if variants == PAIR else 1
            if left < 0:
                return
            yield name, variants


def walk(documents: Mapping[Name, Marked], *, variants: int, seed: int) -> list[Name]:
    """Order the documents that have this many variants: by how much those differ, ties by a hash of seed and id."""
    having = [name for name, marked in documents.items() if marked.variants >= variants]
    return sorted(having, key=lambda name: (-spread(documents[name], variants), _hash(name, seed)))


def spread(marked: Marked, variants: int) -> int:
    """Count differing wordings over all sites and all pairs of the first variants: the same for any order of them."""
    pairs = list(itertools.combinations(range(variants), PAIR))
    return sum(choices[one] != choices[other] for choices in marked.chosen for one, other in pairs)


def named(books: Sequence[Ledger]) -> dict[Name, Marked]:
    """Give every document of several ledgers by the set and id under which a suspect is asked about it."""
    return {(book.set, marked.id): marked for book in books for marked in book.documents}


def records(books: Sequence[Ledger], asked: Queries) -> Iterator[Record]:
    """Lay what is asked before a suspect, which is not told which variant was published."""
    for (name, id_), marked in named(books).items():
        for index in range(asked.counts.get((name, id_), 0)):
            yield ledger.record(marked, index, name=name)


def _hash(name: Name, seed: int) -> bytes:
    return hashlib.sha256("\x00".join((str(seed), *name)).encode()).digest()
