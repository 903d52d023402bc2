"""Who gets which wording."""

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from watermark import variants
from watermark.keys import Key
from watermark.sites import Site

KEY = Key(secret=bytes(range(32)), id="test")
WORDINGS = ("large", "big", "huge", "vast", "great")


def key(number):
    """Make one of many keys."""
    return Key(secret=number.to_bytes(32, "big"), id=str(number))


def site(options, *, start=0, word=None):
    """Make a site whose first option stands in the text."""
    return Site(start=start, end=start + len(options[0]), word=word or options[0].casefold(), options=tuple(options))


def wordings(site_, dealt):
    """Spell a deal out, whatever its case."""
    return [site_.options[choice].casefold() for choice in dealt]


def deal(site_, *, by=KEY, release="r", document="d", size=5):
    """Deal one site."""
    return variants.deal(by, site_, release=release, document=document, variants=size)


@given(st.integers(0, 10**6), st.integers(2, 5), st.integers(2, 9))
def test_options_are_balanced(number, count, size):
    """Over the variants every option comes up equally often, give or take one."""
    found = Counter(deal(site(WORDINGS[:count]), document=str(number), size=size))
    times = [found[option] for option in range(count)]
    assert sum(times) == size
    assert max(times) - min(times) <= 1


@given(st.integers(0, 10**6), st.integers(2, 5))
def test_a_pair_never_ties(number, count):
    """With one alternate the two wordings always differ."""
    first, second = deal(site(WORDINGS[:count]), document=str(number), size=2)
    assert first != second


@pytest.mark.parametrize(("count", "size"), [(2, 2), (2, 3), (3, 2), (3, 3), (2, 4)])
def test_variants_are_jointly_exchangeable(count, size):
    """Over many keys every arrangement that relabelling the variants can give is as frequent as every other."""
    draws = 240 * count**size
    seen = Counter(deal(site(WORDINGS[:count]), by=key(number), size=size) for number in range(draws))
    orbits = {}
    for dealt in seen:
        orbits.setdefault(tuple(sorted(dealt)), set()).update(itertools.permutations(dealt))
    for orbit in orbits.values():
        assert stats.chisquare([seen[dealt] for dealt in sorted(orbit)]).pvalue > 1e-4


@pytest.mark.parametrize(("count", "size"), [(2, 3), (3, 5)])
def test_the_published_wording_is_uniform(count, size):
    """Over many keys each option is published equally often, the original no more than the others."""
    seen = Counter(deal(site(WORDINGS[:count]), by=key(number), size=size)[0] for number in range(3000))
    assert len(seen) == count
    assert stats.chisquare(list(seen.values())).pvalue > 1e-4


def test_the_rank_of_the_published_variant_is_uniform():
    """However a suspect values wordings, the published variant's place among all is uniform over keys."""
    values = {"large": 0.3, "big": 2.0, "huge": -1.0, "fast": 0.0, "quick": 0.7, "rapid": 1.1}
    pair = (site(("large", "big", "huge")), site(("fast", "quick", "rapid")))
    ranks = Counter()
    for number in range(3000):
        dealt = [wordings(one, deal(one, by=key(number), size=4)) for one in pair]
        totals = [values[one] + values[other] for one, other in zip(*dealt, strict=True)]
        tied = [total for total in totals if total == totals[0]]
        below = sum(total < totals[0] for total in totals)
        for place in range(below, below + len(tied)):
            ranks[place] += 1 / len(tied)
    assert stats.chisquare([ranks[place] for place in range(4)]).pvalue > 1e-4


def test_a_word_is_one_coin_whatever_its_case_and_place():
    """The same word with the same options gets the same wordings everywhere in a document."""
    small, capital = site(("large", "big", "huge")), site(("Large", "Big", "Huge"), start=90)
    for number in range(50):
        document = str(number)
        assert wordings(small, deal(small, document=document)) == wordings(capital, deal(capital, document=document))


@given(st.permutations(WORDINGS[:4]), st.integers(0, 1000))
def test_nothing_depends_on_the_order_of_options(order, number):
    """The deal names wordings, not places in a list, and knows no original."""
    one, other = site(WORDINGS[:4], word="w"), site(order, word="w")
    dealt = [wordings(each, deal(each, document=str(number))) for each in (one, other)]
    assert dealt[0] == dealt[1]


def test_options_that_differ_in_case_only_do_not_depend_on_their_order():
    """Even wordings that are one when case is dropped are told apart by themselves."""
    one, other = site(("US", "us", "we"), word="w"), site(("we", "us", "US"), word="w")
    for number in range(20):
        dealt = [[each.options[choice] for choice in deal(each, document=str(number))] for each in (one, other)]
        assert dealt[0] == dealt[1]


@pytest.mark.parametrize(
    "change",
    [
        {"by": key(1)},
        {"release": "other"},
        {"document": "other"},
        {"site_": site(("large", "big", "vast"))},
        {"site_": site(("large", "big", "huge"), word="enormous")},
    ],
)
def test_another_key_release_document_word_or_options_is_another_coin(change):
    """Over many coins the two deals agree no more often than chance has it."""
    base = site(("large", "big", "huge"))
    agree = 0
    for number in range(1200):
        usual = {"by": KEY, "release": f"r{number}", "document": f"d{number}"}
        other = {
            **usual,
            **{name: value for name, value in change.items() if name not in {"site_", "release", "document"}},
        }
        other |= {name: f"{value}{number}" for name, value in change.items() if name in {"release", "document"}}
        first = deal(base, **usual)[0]
        agree += base.options[first] == change.get("site_", base).options[deal(change.get("site_", base), **other)[0]]
    shared = 2 if change.get("site_", base).options != base.options else 3
    assert stats.binomtest(agree, 1200, shared / 9).pvalue > 1e-4


def test_the_rarest_wording_is_never_the_original():
    """LexiMark replaces always, even where the original is the rarest."""
    assert variants.rarest(site(("enormous", "big", "large"))) in {1, 2}
    assert variants.rarest(site(("big", "enormous", "large"))) == 1


@given(st.text(max_size=60), st.data())
def test_rendering_touches_sites_only(text, data):
    """Between the sites every character stays, and each site holds the chosen option."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    found = [
        Site(start=start, end=end, word="w", options=(text[start:end], data.draw(st.text(max_size=5))))
        for start, end in spans
    ]
    choices = data.draw(st.lists(st.integers(0, 1), min_size=len(found), max_size=len(found)))
    parts, at = [], 0
    for each, choice in zip(found, choices, strict=True):
        parts += [text[at : each.start], each.options[choice]]
        at = each.end
    assert variants.render(text, found, choices) == "".join(parts) + text[at:]
    assert variants.render(text, found, [0] * len(found)) == text
