"""The marks that we compare with do what their papers say, and their tests answer as they should."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
lookalikes, membership, sequences, triggers = (
    importlib.import_module(f"marks.{name}") for name in ("lookalikes", "membership", "sequences", "triggers")
)

TEXTS = [
    "The council met on Tuesday. It bought a large house near the river. Nobody was surprised.",
    "A large house stood empty.",
    "The river rose again, and the council met once more.",
]


@pytest.fixture
def rng():
    """Randomness that every test begins anew."""
    return np.random.default_rng(7)


def test_lookalikes_look_like_what_they_replace(rng):
    """Folding the look-alikes back gives the text, and every letter that has one is replaced where all words are."""
    back = {other: letter for letter, other in lookalikes.LOOKALIKES.items()}
    marked = lookalikes.mark(TEXTS, rng=rng, share=1.0)
    assert marked != TEXTS
    assert [text.translate(back) for text in marked] == TEXTS
    assert not any(letter in text for text in marked for letter in "aceopxy")


def test_lookalikes_spell_a_word_alike_everywhere(rng):
    """A word has one spelling in all texts of a call, and about the given share of the words is respelt."""
    words = [f"code{row}" for row in range(400)]
    marked = lookalikes.mark([" ".join(words), " ".join(reversed(words))], rng=rng, share=0.25)
    assert marked[0].split() == marked[1].split()[::-1]
    assert sum(one != other for one, other in zip(words, marked[0].split(), strict=True)) == pytest.approx(100, abs=35)


def test_a_trigger_stands_once_between_sentences(rng):
    """Every text has the same new sentence, the rest of it as it was."""
    trigger = triggers.draw(np.random.default_rng(7))
    marked = triggers.mark(TEXTS, rng=rng)
    assert [text.count(trigger) for text in marked] == [1, 1, 1]
    assert [text.replace(f" {trigger}", "") for text in marked] == TEXTS
    assert marked[1].endswith(trigger)
    assert not marked[0].endswith(trigger)


def test_a_sequence_ends_every_text(rng):
    """All texts end in one string, which is the first that a model is asked about."""
    marked = sequences.mark(TEXTS, rng=rng)
    (sequence,) = {text[-sequences.LENGTH :] for text in marked}
    assert marked == [f"{text}\n\n{sequence}" for text in TEXTS]
    asked = sequences.records(marked[0], rng=rng, others=50)
    assert asked[0].text == sequence
    assert len({record.text for record in asked}) == 51
    assert {len(record.text) for record in asked} == {sequences.LENGTH}


def test_the_rank_of_a_sequence_is_its_p():
    """The likeliest of a thousand has p = 1/1000, the least likely p = 1, and z has the sign of the advantage."""
    others = np.linspace(-5, -4, 999)
    best, worst = (sequences.detect(np.array([own, *others])) for own in (-1.0, -9.0))
    assert best["p"] == pytest.approx(0.001)
    assert best["auroc"] == 1
    assert best["z"] > 5
    assert worst["p"] == 1
    assert worst["z"] < -5


def test_membership_sees_members_and_nothing_else(rng):
    """Members that gained over the reference have the floor's p and a high AUROC; without a gain p is ordinary."""
    reference = rng.normal(-3, 1, size=80)
    noise = rng.normal(0, 0.1, size=80)
    gain = np.repeat([0.3, 0.0], 40)
    found, null = (
        membership.detect(reference + noise + extra, reference, members=40, rng=rng) for extra in (gain, 0 * gain)
    )
    assert found["p"] == pytest.approx(1 / (membership.RESAMPLES + 1))
    assert found["low"] > 0.9
    assert null["p"] > 0.01
    assert null["low"] < 0.5 < null["high"]


def test_membership_asks_about_members_first():
    """Members and held-out documents have distinct ids, members first."""
    asked = membership.records(TEXTS[:1], TEXTS[1:2])
    assert [(record.id, record.text) for record in asked] == [
        ("member-0000", TEXTS[0]),
        ("heldout-0000", TEXTS[1]),
    ]
