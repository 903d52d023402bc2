"""Which texts stand on which side, in which clusters, and was it drawn who is a member?

Everything comes out sorted by a hash of cluster and id, so that nothing the sides touch steers a computation.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from provenance.errors import InputError, MismatchError
from provenance.records import hash_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from provenance.records import Document

SETS = ("members", "nonmembers")
SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The documents of one side."""

    documents: tuple[Document, ...]
    sha256: str
    """Digest of what they were read from."""
    clusters: tuple[str, ...] | None = None
    """What each document is a part of, such as its book; None if every document stands for itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """How an owner says that members were drawn."""

    seed: int
    share: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Both sides in one order that knows nothing of them."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    sides: NDArray[np.bool_]
    """True for a member, shape ``(n,)``."""
    clusters: NDArray[np.int64]
    """Number of the cluster of each text."""
    repeats: int
    """Texts that repeat another of their side; all of one text are one cluster unless clusters were given."""

    def keep(self, rows: NDArray[np.bool_]) -> Pool:
        """Leave the other rows out."""
        at = np.flatnonzero(rows)
        return Pool(
            ids=tuple(self.ids[row] for row in at),
            texts=tuple(self.texts[row] for row in at),
            sides=self.sides[at],
            clusters=self.clusters[at],
            repeats=self.repeats,
        )


def split(units: Iterable[str], *, seed: int, share: float = 0.5) -> tuple[bool, ...]:
    """Draw which units become members: a coin a unit, from a hash of the seed and the unit's name.

    Run it before training, with ids (or names of clusters) of all there is, train on the units that are True and on no
    other, and commit to both files: then the p-value of the audit is exact, whatever the texts are.

    Examples
    --------
    >>> split(["a", "b", "c", "d"], seed=1)
    (False, True, True, True)
    """
    if not 0 < share < 1:
        raise InputError(f"share {share}", expected="a number strictly between 0 and 1")
    limit = int(share * 2**64)
    return tuple(
        int.from_bytes(hashlib.sha256(f"provtool/split/1\x00{seed}\x00{unit}".encode()).digest()[:8]) < limit
        for unit in units
    )


def join(members: Side, nonmembers: Side, *, per_cluster: int | None = None) -> Pool:
    """Put both sides together.

    Parameters
    ----------
    per_cluster
        How many texts of each cluster take part, the first by hash; smaller clusters are left out. Only clusters of
        equal size can be exchanged, and books rarely are: this makes them so, whatever side they are on.

    Raises
    ------
    InputError
        If a text stands on both sides, a cluster does, or a side has fewer than two clusters.
    """
    _check_apart(members, nonmembers)
    names = [*_named(members), *_named(nonmembers)]
    if members.clusters is not None or nonmembers.clusters is not None:
        _check_whole(_named(members), _named(nonmembers))
    else:
        # An id may come on both sides and mean two texts.
        names = [hashlib.sha256(text.encode()).hexdigest() for side in (members, nonmembers) for text in _texts(side)]
    documents = [*members.documents, *nonmembers.documents]
    ids = [document.id for document in documents]
    order = hash_order([f"{name}\x00{id_}" for name, id_ in zip(names, ids, strict=True)])
    sides = np.repeat([True, False], [len(members.documents), len(nonmembers.documents)])
    # np.unique sorts; numbers by first appearance follow the hash instead.
    _, first, inverse = np.unique(np.array(names)[order], return_index=True, return_inverse=True)
    clusters = np.argsort(np.argsort(first))[inverse.ravel()]
    pool = Pool(
        ids=tuple(ids[row] for row in order),
        texts=tuple(documents[row].text for row in order),
        sides=sides[order],
        clusters=clusters.astype(np.int64),
        repeats=len(documents) - len({document.text for document in documents}),
    )
    evened = pool if per_cluster is None else pool.keep(_first(pool.clusters, per_cluster))
    check_comparable(evened, hint=None if per_cluster is None else "a smaller --per-cluster")
    return evened


def check_comparable(pool: Pool, *, hint: str | None) -> None:
    """Make sure that there is something to exchange.

    Raises
    ------
    InputError
        If a side has fewer than two clusters.
    """
    for name, side in zip(SETS, (pool.sides, ~pool.sides), strict=True):
        if (count := len(np.unique(pool.clusters[side]))) < 2:  # noqa: PLR2004 (what can be compared)
            raise InputError(
                f"{count} clusters of {name}", expected="at least two on either side: clusters are compared", hint=hint
            )


def check_split(members: Side, nonmembers: Side, drawn: Split) -> None:
    """Draw the split again.

    Raises
    ------
    MismatchError
        If a unit stands where the draw does not put it.
    """
    wrong = [
        unit
        for side, member in ((members, True), (nonmembers, False))
        for unit in dict.fromkeys(_named(side))
        if split([unit], seed=drawn.seed, share=drawn.share)[0] != member
    ]
    if wrong:
        raise MismatchError(
            f"{len(wrong)} units stand on the other side than seed {drawn.seed}, share {drawn.share:g} puts them: "
            + _some(wrong),
            expected="members and non-members as membership.split gives them",
            hint="the seed, share and cluster field that drew the split, or leaving --split-seed out",
        )


def _named(side: Side) -> tuple[str, ...]:
    return side.clusters if side.clusters is not None else tuple(document.id for document in side.documents)


def _texts(side: Side) -> list[str]:
    return [document.text for document in side.documents]


def _check_apart(members: Side, nonmembers: Side) -> None:
    others = set(_texts(nonmembers))
    if shared := [document.id for document in members.documents if document.text in others]:
        raise InputError(
            f"{len(shared)} texts stand on both sides: {_some(shared)}",
            expected="members and non-members without a text in common",
            hint="taking them out of both",
        )


def _check_whole(members: Sequence[str], nonmembers: Sequence[str]) -> None:
    if torn := sorted(set(members) & set(nonmembers)):
        raise InputError(
            f"{len(torn)} clusters stand on both sides: {_some(torn)}",
            expected="every cluster on one side",
            hint="a field of what was drawn as one",
        )


def _first(clusters: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    """Mark the first texts of every cluster that has that many."""
    order = np.argsort(clusters, kind="stable")
    sizes = np.bincount(clusters)
    place = np.empty(len(clusters), dtype=np.int64)
    place[order] = np.arange(len(clusters)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    marked: NDArray[np.bool_] = (place < count) & (sizes[clusters] >= count)
    return marked


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
