"""How often does a membership audit accuse a suspect that owes nothing to who is a member?

What is redrawn is the split of the originals of the marked documents; the suspect saw none of them, or all.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from nulls import workshop
from nulls.scenarios import RESAMPLES, Scenario
from provenance import scoring
from provenance.audits import membership
from provenance.audits.membership.pools import SETS
from provenance.records import Document

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from nulls.scenarios import Claim
    from provenance.evidence import Evidence
    from provenance.scoring import Scores

    Split = Callable[["Bench", np.random.Generator], "Sides"]

EACH = 2
"""Documents of a book that take part where books were drawn: only clusters of one size are exchanged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The documents, the books that they are of, and what was said of them."""

    documents: tuple[Document, ...]
    books: tuple[str, ...]
    suspect: Scores
    reference: Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Who is a member, and what is recorded of how that came about."""

    members: NDArray[np.bool_]
    drawn: membership.Split | None = None
    clusters: bool = False


@functools.cache
def bench(folder: Path, suspect: str) -> Bench:
    """Read documents and scores."""
    found = workshop.marked(folder)
    own, other = (scoring.read(workshop.scores(folder, "texts", name)) for name in (suspect, "stranger"))
    return Bench(
        documents=tuple(Document(id=one["id"], text=one["text"]) for one in found),
        books=tuple(f"book {one['book']}" for one in found),
        suspect=own,
        reference=other,
    )


def _drawn(found: Bench, rng: np.random.Generator) -> Sides:
    """Draw members by a seed that is recorded."""
    drawn = membership.Split(seed=int(rng.integers(1 << 31)))
    return Sides(members=np.array(membership.split([one.id for one in found.documents], seed=drawn.seed)), drawn=drawn)


def _drawn_books(found: Bench, rng: np.random.Generator) -> Sides:
    """Draw whole books by a seed that is recorded, and say of which book every document is."""
    drawn = membership.Split(seed=int(rng.integers(1 << 31)))
    return Sides(members=np.array(membership.split(found.books, seed=drawn.seed)), drawn=drawn, clusters=True)


def _unsaid_books(found: Bench, rng: np.random.Generator) -> Sides:
    """Draw whole books, and say nothing of it."""
    return Sides(members=np.array(membership.split(found.books, seed=int(rng.integers(1 << 31)))))


def _unrecorded(found: Bench, rng: np.random.Generator) -> Sides:
    """Draw members at random, and keep no record."""
    return Sides(members=rng.random(len(found.documents)) < 1 / 2)


def _shifted(found: Bench, rng: np.random.Generator, *, strength: float) -> Sides:
    """Make members of documents that come late in what was gathered, more or less."""
    place = np.linspace(-1.7, 1.7, len(found.documents))
    mixed = strength * place + np.sqrt(1 - strength**2) * rng.standard_normal(len(place))
    return Sides(members=mixed > np.median(mixed))


def _draw(folder: Path, rng: np.random.Generator, *, suspect: str, split: Split) -> Claim:
    found = bench(folder, suspect)
    sides = split(found, rng)
    members, others = (_side(found, rows, rng, clusters=sides.clusters) for rows in (sides.members, ~sides.members))
    is_member = {document.id: bool(member) for document, member in zip(found.documents, sides.members, strict=True)}
    own, reference = (_named(scores, is_member, rng) for scores in (found.suspect, found.reference))

    def audited(alpha: float) -> Evidence:
        return membership.audit(
            members,
            others,
            own,
            references=[reference],
            drawn=sides.drawn,
            per_cluster=EACH if sides.clusters else None,
            alpha=alpha,
            resamples=RESAMPLES,
        )

    return audited


def _side(found: Bench, rows: NDArray[np.bool_], rng: np.random.Generator, *, clusters: bool) -> membership.Side:
    at = np.flatnonzero(rows).tolist()
    return membership.Side(
        documents=tuple(found.documents[row] for row in at),
        sha256=rng.bytes(32).hex(),
        clusters=tuple(found.books[row] for row in at) if clusters else None,
    )


def _named(scores: Scores, is_member: dict[str, bool], rng: np.random.Generator) -> Scores:
    rows = tuple(replace(row, set=SETS[0] if is_member[row.id] else SETS[1]) for row in scores.rows)
    return replace(scores, rows=rows, sha256=rng.bytes(32).hex())


def _scenario(name: str, split: Split, *, suspect: str = "sibling", audits: int = 100) -> Scenario:
    return Scenario(name=name, draw=functools.partial(_draw, suspect=suspect, split=split), audits=audits)


SCENARIOS = (
    _scenario("independent model", _drawn, audits=200),
    _scenario("both sides seen", _drawn, suspect="originals", audits=200),
    _scenario("chunks of the same books, recorded", _drawn_books),
    _scenario("chunks of the same books, not recorded", _unsaid_books),
    _scenario("no recorded split", _unrecorded),
    *(
        _scenario(
            f"content differs between the sides, correlation {strength:g}",
            functools.partial(_shifted, strength=strength),
        )
        for strength in (0.3, 0.8)
    ),
)
