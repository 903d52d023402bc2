"""Figures of fidelity by closed form: counts, quantiles, intervals, and what may be published of them."""

import json
import math
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from watermark.certificate import Counts
from watermark.fidelity import figures
from watermark.fidelity.changes import Change, Sentence, find, in_sentences
from watermark.fidelity.draw import Draw
from watermark.fidelity.means import Mean, NotMeasured, mean
from watermark.fidelity.tally import SHARED, Acceptability, Replaced, Tally
from watermark.ledger import Marked
from watermark.sites import Site


def change(word="large", published="big", *, original=None, acceptability=None, start=0):
    """Make one change."""
    original = word if original is None else original
    return Change(
        start=start,
        end=start + len(original),
        word=word,
        original=original,
        published=published,
        acceptability=acceptability,
    )


def sentence(text, old, new, *, document="d", place=0):
    """Make a sentence with one change."""
    changes = (change(old, new, start=place + text.index(old)),)
    return Sentence(document=document, place=place, text=text, changes=changes)


def counts(**given):
    """Make counts that are 0 where nothing is said."""
    names = ("documents", "marked", "words", "sites", "edits", "opted_out", "foreign", "kept")
    return Counts(**dict.fromkeys(names, 0) | given)


def measured(tally, drawn=(), *, encoder=None, **given):
    """Measure without a corpus."""
    return figures.measure(tally, counts=counts(**given), changed=len(drawn), drawn=drawn, encoder=encoder)


def marked(text, *replacements, document="d"):
    """Mark a text at words, each with the wording that is published; None leaves it."""
    sites, at = [], 0
    for word, new in replacements:
        at = text.index(word, at)
        options = (word, new or "other")
        sites.append(Site(start=at, end=at + len(word), word=word.casefold(), options=options))
        at += len(word)
    chosen = tuple((int(new is not None), 0) for _, new in replacements)
    return Marked(id=document, text=text, sites=tuple(sites), chosen=chosen)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=60))
@example([3_000])
def test_acceptability_is_summed_up_exactly(levels):
    """Mean, share below one half, quartiles and bins are those of the sorted list of all changes."""
    tally = Tally()
    for level in levels:
        tally.add((change(acceptability=level / 10_000),))
    found, ordered = tally.acceptability(), sorted(levels)
    assert found.n == len(levels)
    assert found.mean == pytest.approx(sum(levels) / len(levels) / 10_000)
    assert found.share_below_half == sum(level < 5_000 for level in levels) / len(levels)
    for share, value in zip((0.25, 0.5, 0.75), found.quartiles, strict=True):
        assert value == ordered[math.ceil(share * len(levels)) - 1] / 10_000
    bins = Counter(min(level // 1_000, 9) for level in levels)
    assert found.histogram == tuple(bins[number] for number in range(10))


def test_unjudged_changes_are_no_zeros():
    """Where nothing was changed, or nobody gave probabilities, acceptability is not measured and says why."""
    tally = Tally()
    assert tally.acceptability() == NotMeasured(reason="nothing was changed")
    tally.add((change(),))
    assert "gives no probability" in tally.acceptability().reason


def test_a_word_is_named_in_public_when_many_documents_share_it():
    """One document's own word is not named, however often it was changed there."""
    tally = Tally()
    tally.add((change("rare"),) * 50)
    for _ in range(SHARED):
        tally.add((change("large"), change("quick")))
    assert tally.words() == (("large", SHARED), ("quick", SHARED))


def test_words_stand_with_what_took_their_place():
    """The most frequent comes first, and an article that changed with its word is left out."""
    tally = Tally()
    tally.add((change(), change(), change(published="Huge"), change("apple", "a fruit", original="An apple")))
    assert tally.replaced() == (
        Replaced(word="large", count=3, by=(("big", 2), ("huge", 1))),
        Replaced(word="apple", count=1, by=(("fruit", 1),)),
    )


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=30))
def test_the_interval_is_students(values):
    """Mean and interval are SciPy's."""
    found = mean(values)
    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95) if len(set(values)) > 1 else (values[0],) * 2
    assert found.value == pytest.approx(sum(values) / len(values), abs=1e-9)
    assert (found.low, found.high) == pytest.approx(tuple(theirs), abs=1e-6)
    assert found.n == len(values)


def test_an_interval_ends_where_values_end():
    """A score that cannot be above 1 has no interval above 1."""
    assert mean([1.0, 0.9, 1.0], least=0, most=1).high == 1


@pytest.mark.parametrize(("values", "reason"), [([], "no sentence was"), ([1.0], "only one sentence was")])
def test_a_mean_of_too_few_says_so(values, reason):
    """Of one value or none there is no interval, and no NaN either."""
    assert mean(values) == NotMeasured(reason=f"{reason} changed")


@given(st.permutations(range(40)))
def test_the_draw_does_not_hang_on_the_order(order):
    """Whoever comes first, the same sentences are drawn, and a smaller draw is the beginning of a larger one."""
    sentences = [sentence("The large dog.", "large", "big", document=f"d{number}") for number in range(40)]
    drawn = {}
    for name, size, numbers in (("all", 10, range(40)), ("shuffled", 10, order), ("few", 4, order)):
        draw = Draw(release="r", size=size)
        for number in numbers:
            draw.add(sentences[number])
        drawn[name] = draw.drawn()
        assert draw.seen == 40
    assert drawn["all"] == drawn["shuffled"]
    assert drawn["few"] == drawn["all"][:4]


def test_another_release_draws_others():
    """The release's name takes part in the draw; names and places never run into each other."""
    sentences = [sentence("The large dog.", "large", "big", document=f"d{number}") for number in range(40)]
    sentences += [
        sentence("x large", "large", "big", document="d1", place=2),
        sentence("x", "x", "y", document="\ud800"),
    ]
    drawn = []
    for release in ("r", "s"):
        draw = Draw(release=release, size=5)
        for one in sentences:
            draw.add(one)
        drawn.append(draw.drawn())
    assert drawn[0] != drawn[1]


def test_sentences_hold_each_change_once():
    """Pieces give the original back, the published sentence differs by its changes alone, others are left out."""
    text = "A large house stood there. Nobody came. They began early; they usually do."
    document = marked(text, ("A large", "An enormous"), ("began", "started"), ("early", None), ("usually", "often"))
    found = list(in_sentences(document))
    assert [one.published for one in found] == [
        "An enormous house stood there.",
        "They started early; they often do.",
    ]
    assert all("".join(c.original if c else kept for kept, c in one.pieces()) == one.text for one in found)
    assert tuple(c for one in found for c in one.changes) == find(document)


def test_a_text_without_stops_is_cut():
    """A file that is one sentence is shown in pieces of bounded length, each change once, even across a cut."""
    text = "x " * 498 + "large house " + "y " * 2000 + "large"
    document = marked(text, ("large", "big"), ("large", "big"))
    found = list(in_sentences(document))
    assert [len(one.changes) for one in found] == [1, 1]
    assert all(len(one.text) <= 1010 for one in found)
    assert all("big" in one.published and "large" not in one.published for one in found)


def test_rates_are_plain_division():
    """Changes and sites stand against words, documents and each other."""
    found = measured(Tally(), documents=4, words=200, sites=10, edits=6)
    assert found.edits_per_100_words == 3
    assert found.sites_per_document == 2.5
    assert found.sites_per_100_words == 5
    assert found.sites_left_share == 0.4


def test_nothing_at_all_is_said_to_be_nothing():
    """An empty corpus has no rates, no means and no NaN: each figure says why."""
    found = measured(Tally())
    assert found.edits_per_100_words == NotMeasured(reason="there are no words")
    assert found.sites_per_document == NotMeasured(reason="there are no documents")
    assert found.sites_left_share == NotMeasured(reason="there are no sites")
    assert found.meteor == found.reading_ease_shift == NotMeasured(reason="no sentence was changed")
    written = json.dumps(found.to_json(), allow_nan=False)
    assert written.count("not_measured") == 11


def many(number, acceptability=0.8):
    """Tally so many changes of one word, one a document, and give their sentences."""
    tally = Tally()
    for _ in range(number):
        tally.add((change(acceptability=acceptability),))
    return tally, [sentence(f"The large dog ran {'far ' * i}away.", "large", "big", place=i) for i in range(number)]


def test_objections_follow_from_acceptability():
    """Thirty changes in 1,000 words, each accepted with 0.8, leave six objections."""
    tally, drawn = many(30)
    found = measured(tally, drawn, documents=30, words=1000, sites=30, edits=30)
    assert found.acceptability.mean == pytest.approx(0.8)
    assert found.objections_per_1000_words == pytest.approx(6)
    assert found.to_json()["acceptability"]["quartiles"] == [0.8, 0.8, 0.8]
    assert found.to_json()["words_most_changed"] == [{"word": "large", "count": 30}]


def test_what_rests_on_few_is_not_published():
    """The owner sees the figures of three changes; the certificate holds none of them."""
    tally, drawn = many(3, acceptability=0.7312)
    found = measured(tally, drawn, documents=3, words=100, sites=3, edits=3)
    assert isinstance(found.acceptability, Acceptability)
    assert isinstance(found.meteor, Mean)
    told = found.to_json()
    for name in ("acceptability", "objections_per_1000_words", "meteor", "reading_ease_shift", "grade_shift"):
        assert told[name] == {"not_measured": figures.WITHHELD.reason}
    assert told["words_most_changed"] == []


def test_similarity_is_the_encoders_cosine():
    """An encoder that turns every changed sentence by 60 degrees gives 0.5; without one it is not measured."""
    import numpy as np

    class Turning:
        method = "turning"

        def encode(self, texts):
            return np.array([[1, 0] if "large" in text else [0.5, math.sqrt(0.75)] for text in texts], np.float32)

    tally, drawn = many(20)
    found = measured(tally, drawn, encoder=Turning(), words=100, edits=20)
    assert (found.similarity.value, found.encoder) == (pytest.approx(0.5), "turning")
    assert measured(tally, drawn, words=100, edits=20).similarity == NotMeasured(reason="no sentence encoder was used")
