"""Classifiers that never ask a model."""

import numpy as np
import pytest

from provenance.audits.membership import blind, pools
from provenance.records import Document

WORDS = ["red", "green", "blue", "tall", "small", "old", "new", "warm", "cold", "late"]


def _pool(members, others, *, clusters=(None, None)):
    return pools.join(
        *(
            pools.Side(
                documents=tuple(Document(id=f"{name}{row}", text=text) for row, text in enumerate(texts)),
                sha256=name * 64,
                clusters=names,
            )
            for name, texts, names in zip("ab", (members, others), clusters, strict=True)
        )
    )


def _prose(rng, count, *, words=WORDS, length=30):
    return [f"{' '.join(rng.choice(words, size=length))} {rng.integers(10**9)}" for _ in range(count)]


def _areas(pool):
    return {guess.name: guess.area for guess in blind.guess(pool, rng=np.random.default_rng(0))}


def test_a_random_split_is_not_guessed():
    """Of fifteen random splits few intervals leave out one half, and the areas lie around it."""
    rng, missed, values = np.random.default_rng(0), 0, []
    for _ in range(15):
        areas = _areas(_pool(_prose(rng, 40), _prose(rng, 40)))
        missed += sum(not area.low <= 0.5 <= area.high for area in areas.values())
        values += [area.value for area in areas.values()]
    assert missed <= 8
    assert np.mean(values) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("blind-words", {"words": [word[::-1] for word in WORDS]}),
        ("blind-characters", {"words": [f"{word}s" for word in WORDS]}),
        ("blind-form", {"length": 60}),
    ],
)
def test_what_sets_apart_is_found(name, other):
    """Another vocabulary, other endings and another length are each found by the classifier that looks for them."""
    rng = np.random.default_rng(1)
    assert _areas(_pool(_prose(rng, 40), _prose(rng, 40, **other)))[name].low > 0.9


def test_years_are_read_as_numbers():
    """A set that ends where the other begins is found although no year comes twice; 20 000 and 2.1900 are no years."""
    early, late = (_prose(np.random.default_rng(seed), 20) for seed in (1, 2))
    pool = _pool(
        [f"{text} In {1920 + row} it was. 20000, 2.1900" for row, text in enumerate(early)],
        [f"{text} In {1980 + row} it was. 20000, 2.1900" for row, text in enumerate(late)],
    )
    assert _areas(pool)["blind-form"].low > 0.8
    assert blind._years(["In 1999 and 2004.", "20000 or 2.1900"]).tolist() == [[2004, 1999], [2001.5, 2001.5]]


def test_nobody_is_praised_for_knowing_a_book():
    """Chunks of books with words of their own are not told apart by other chunks of the same books."""
    rng = np.random.default_rng(2)
    books = [rng.choice([f"w{row}" for row in range(500)], size=8) for _ in range(24)]
    texts = [_prose(rng, 6, words=book) for book in books]
    halves = [[text for book in half for text in book] for half in (texts[:12], texts[12:])]
    names = [tuple(f"{side}{row // 6}" for row in range(72)) for side in "ab"]
    by_book = _areas(_pool(*halves, clusters=names))["blind-words"]
    torn = _areas(_pool(*halves))["blind-words"]
    assert torn.low > 0.9
    assert by_book.low < 0.5 < by_book.high


def test_what_is_looked_at_is_bounded(monkeypatch):
    """Beyond a number of texts whole clusters are left out, which widens the interval and costs no time."""
    monkeypatch.setattr(blind, "MOST_TEXTS", 50)
    rng = np.random.default_rng(3)
    area = _areas(_pool(_prose(rng, 60), _prose(rng, 60)))["blind-words"]
    assert area.positives + area.negatives == 50


def test_texts_without_words_are_no_mistake():
    """Texts of marks alone are guessed at like any other."""
    marks = [f"{'!' * row}?" for row in range(12)]
    assert set(_areas(_pool(marks[:6], marks[6:]))) == {"blind-words", "blind-characters", "blind-form"}


def test_large_clusters_are_looked_at_in_part(monkeypatch):
    """A cluster larger than all that is looked at leaves texts of both sides, and every cluster has its turn first."""
    monkeypatch.setattr(blind, "MOST_TEXTS", 20)
    rng = np.random.default_rng(3)
    names = (tuple(["large"] * 50 + ["small"] * 2), tuple(["other"] * 30 + ["last"] * 30))
    pool = _pool(_prose(rng, 52), _prose(rng, 60), clusters=names)
    seen = blind._bounded(pool)
    assert (np.count_nonzero(seen.sides), np.count_nonzero(~seen.sides)) == (10, 10)
    assert sorted(np.unique(seen.clusters, return_counts=True)[1].tolist()) == [2, 5, 5, 8]
    assert {guess.name for guess in blind.guess(pool, rng=rng)} == {"blind-words", "blind-characters", "blind-form"}
