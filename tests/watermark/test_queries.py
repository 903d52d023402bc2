"""Which texts are asked, chosen without knowing which was published."""

import dataclasses
import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from provenance.errors import InputError
from watermark import queries
from watermark.ledger import Ledger, Marked
from watermark.sites import Site


def book_of(tables, release="r"):
    """Make a ledger of documents: for each, which option each site has in each variant."""
    documents = tuple(
        Marked(
            id=f"d{number}",
            text=" ".join(f"w{site}" for site in range(len(chosen))),
            sites=tuple(
                Site(start=3 * site, end=3 * site + 2, word=f"w{site}", options=(f"w{site}", f"v{site}", f"u{site}"))
                for site in range(len(chosen))
            ),
            chosen=tuple(map(tuple, chosen)),
        )
        for number, chosen in enumerate(tables)
    )
    return Ledger(
        path=Path(f"{release}.parquet"),
        sha256=release,
        documents=documents,
        release=release,
        key_id="k",
        recipient=None,
        settings={"strategy": "keyed", "key_id": "k"},
    )


@pytest.fixture
def book():
    """Thirty documents of four variants and one to three sites."""
    rng = np.random.default_rng(0)
    return book_of([rng.integers(0, 3, size=(1 + number % 3, 4)).tolist() for number in range(30)])


@pytest.mark.parametrize("most", [2, 3, 7, 59, 60, 61, 75, 90, 119, 120, 500])
def test_no_more_than_allowed_and_pairs_first(book, most):
    """No budget is exceeded or wasted, none is asked alone, and nobody gets a third variant before all have two."""
    found = queries.choose([book], most=most)
    assert most - 1 <= found.texts <= most or found.texts == 120
    levels = set(found.counts.values())
    assert min(levels) >= 2
    assert max(levels) - min(levels) <= 1
    assert len(found.counts) == 30 or levels == {2}


def test_every_variant_is_asked_by_default(book):
    """Without a limit everything is asked."""
    assert queries.choose([book]).texts == 120


def test_one_query_is_refused(book):
    """A published variant alone has nothing to be compared with."""
    with pytest.raises(InputError, match="at least 2"):
        queries.choose([book], most=1)


def test_documents_that_differ_most_come_first(book):
    """Pairs are asked in the order of how many sites differ; among equals a hash of seed and id decides."""
    documents = queries.named([book])
    order = queries.walk(documents, variants=2, seed=0)
    spreads = [queries.spread(documents[name], 2) for name in order]
    assert spreads == sorted(spreads, reverse=True)
    other = queries.walk(documents, variants=2, seed=1)
    assert other != order
    assert [queries.spread(documents[name], 2) for name in other] == spreads


@pytest.mark.parametrize("most", [2, 3, 4, 5, 6, 7])
def test_the_choice_leaves_the_published_index_uniform(most):
    """Over all deals of two documents, given the texts that are asked each of them was published equally often."""
    first, second = [[0, 0, 1, 2]], [[0, 1, 1, 1], [0, 0, 1, 1]]
    published = Counter()
    for one, other in itertools.product(itertools.permutations(range(4)), repeat=2):
        dealt = book_of([[[row[at] for at in one] for row in first], [[row[at] for at in other] for row in second]])
        chosen = queries.choose([dealt], most=most)
        asked = {
            name: [(one, other)[number][index] for index in range(chosen.counts.get(name, 0))]
            for number, name in enumerate(queries.named([dealt]))
        }
        sets = tuple(tuple(sorted(variants)) for variants in asked.values())
        published[sets, tuple(variants[0] if variants else None for variants in asked.values())] += 1
    for sets in {sets for sets, _ in published}:
        counts = [count for (those, _), count in published.items() if those == sets]
        assert len(counts) == np.prod([max(len(asked), 1) for asked in sets])
        assert len(set(counts)) == 1


def test_records_follow_the_choice(book):
    """What is laid before a suspect are the first variants of the chosen documents, under the ledger's set."""
    chosen = queries.choose([book], most=20)
    records = list(queries.records([dataclasses.replace(book, called="r for acme")], chosen))
    assert records == []
    records = list(queries.records([book], chosen))
    assert Counter((record.set, record.id) for record in records) == chosen.counts
    assert {record.variant for record in records} == {0, 1}
