"""Who stands on which side, and whether that was drawn."""

import dataclasses

import numpy as np
import pytest

from provenance.audits.membership import pools
from provenance.errors import InputError, MismatchError
from provenance.records import Document


def _side(names, clusters=None, *, text="text of {}"):
    documents = tuple(Document(id=name, text=text.format(name)) for name in names)
    return pools.Side(documents=documents, sha256="0" * 64, clusters=clusters)


def test_a_split_is_the_same_everywhere():
    """Who becomes a member follows from seed, share and name: these letters are a promise to every earlier split."""
    assert pools.split("abcdefgh", seed=1) == (False, True, True, True, True, True, False, True)


def test_a_split_has_its_share():
    """Of ten thousand units about the share become members, and another seed draws others."""
    names = [str(row) for row in range(10_000)]
    few, other = (np.array(pools.split(names, seed=seed, share=0.2)) for seed in (0, 1))
    assert few.mean() == pytest.approx(0.2, abs=0.02)
    assert np.mean(few & other) == pytest.approx(0.04, abs=0.01)


@pytest.mark.parametrize("share", [0.0, 1.0, float("nan")])
def test_a_share_is_between_0_and_1(share):
    """A split of nothing, or of everything, is none."""
    with pytest.raises(InputError, match="strictly between"):
        pools.split("ab", seed=0, share=share)


def test_a_split_is_drawn_again():
    """Sides that the draw gives pass; with one unit on the other side it is refused, and named."""
    names = [f"d{row}" for row in range(40)]
    drawn = pools.Split(seed=4, share=0.3)
    into = pools.split(names, seed=4, share=0.3)
    members = _side([name for name, member in zip(names, into, strict=True) if member])
    others = _side([name for name, member in zip(names, into, strict=True) if not member])
    pools.check_split(members, others, drawn)
    strayed = dataclasses.replace(others, documents=(*others.documents, Document(id=members.documents[0].id, text="x")))
    with pytest.raises(MismatchError, match=f"1 units stand on the other side .*: {members.documents[0].id};"):
        pools.check_split(members, strayed, drawn)


def test_clusters_are_what_is_drawn():
    """With clusters the split is of their names, not of ids."""
    into = pools.split(["book-1", "book-2", "book-3", "book-4"], seed=0)
    books = [f"book-{number}" for number in range(1, 5)]
    members = tuple(book for book, member in zip(books, into, strict=True) if member for _ in range(3))
    others = tuple(book for book, member in zip(books, into, strict=True) if not member for _ in range(3))
    sides = [_side([f"{book}/{row}" for row, book in enumerate(clusters)], clusters) for clusters in (members, others)]
    pools.check_split(*sides, pools.Split(seed=0))


def test_a_text_on_both_sides_is_refused():
    """Count and first ids of the texts that both sides have."""
    with pytest.raises(InputError, match="2 texts stand on both sides: b, c; expected"):
        pools.join(_side("abc"), _side("bcd"))


def test_a_cluster_on_both_sides_is_refused():
    """A book cannot be half seen: what was drawn as one stands on one side."""
    with pytest.raises(InputError, match="1 clusters stand on both sides: two;"):
        pools.join(_side("ab", ("one", "two")), _side("cd", ("two", "three")))


def test_one_cluster_is_refused():
    """With all of one side in one cluster there is nothing to exchange."""
    with pytest.raises(InputError, match="1 clusters of nonmembers; expected at least two"):
        pools.join(_side("ab", ("one", "two")), _side("cd", ("three", "three")))


def test_an_id_may_come_on_both_sides():
    """Two files count from 1: the same id on both sides names two texts."""
    pool = pools.join(_side("123"), _side("123", text="other text of {}"))
    assert sorted(pool.clusters) == list(range(6))


def test_repeats_are_one_cluster():
    """A text that comes thrice on its side counts as one thing drawn, and is counted."""
    again = pools.Side(documents=tuple(Document(id=str(row), text="again") for row in range(3)), sha256="1" * 64)
    members = dataclasses.replace(again, documents=(*again.documents, Document(id="other", text="else")))
    pool = pools.join(members, _side("xyz"))
    assert pool.repeats == 2
    assert sorted(np.bincount(pool.clusters)) == [1, 1, 1, 1, 3]


def test_the_order_knows_no_sides():
    """Which side is given first, and how its documents are sorted, changes nothing but the sides."""
    first, second = _side("abcdef"), _side("uvwxyz")
    pool, turned = pools.join(first, second), pools.join(second, first)
    assert (pool.ids, pool.clusters.tolist()) == (turned.ids, turned.clusters.tolist())
    assert np.array_equal(pool.sides, ~turned.sides)
    backwards = dataclasses.replace(first, documents=first.documents[::-1])
    assert pools.join(backwards, second).ids == pool.ids


def test_as_many_texts_of_each_cluster():
    """With two a cluster, clusters of one text are left out and larger ones cut, whatever side they are on."""
    names = [f"{book}/{row}" for book, size in (("a", 4), ("b", 2), ("c", 1)) for row in range(size)]
    others = [name.upper() for name in names]
    sides = [_side(side, tuple(name[0] for name in side)) for side in (names, others)]
    pool = pools.join(*sides, per_cluster=2)
    assert sorted(id_[0] for id_ in pool.ids) == sorted("aabbAABB")
    with pytest.raises(InputError, match="a smaller --per-cluster"):
        pools.join(*sides, per_cluster=5)
