"""METEOR with our lexicon, and readability by hand."""

import subprocess
import sys

import pytest

from watermark.fidelity import meteor, readability
from watermark.fidelity.changes import Change, Sentence


def changed(text, old, new):
    """Make a sentence in which one word gives way."""
    start = text.index(old)
    one = Change(start=start, end=start + len(old), word=old, original=old, published=new, acceptability=None)
    return Sentence(document="d", place=0, text=text, changes=(one,))


def test_a_synonym_is_found_again_and_a_stranger_is_not():
    """The same sentence scores close to 1, one with a synonym less at most, one with an unrelated word least."""
    text = "She bought a large house near the river"
    same, synonym, stranger = (meteor.score(changed(text, "large", new)) for new in ("large", "big", "green"))
    assert 0.99 < same <= 1
    assert same >= synonym > stranger
    assert synonym == same
    # eight words, seven found again in two runs: P = R = 7/8, penalty 0.5 · (2/7)³
    assert stranger == pytest.approx(7 / 8 * (1 - 0.5 * (2 / 7) ** 3))


@pytest.mark.parametrize(("old", "new"), [("bought", "purchased"), ("purchased", "bought"), ("houses", "homes")])
def test_inflected_synonyms_are_found_again(old, new):
    """A form stands for its lemma, in both directions, and whatever its stem is."""
    text = f"They {old} all day"
    assert meteor.score(changed(text, old, new)) == meteor.score(changed(text, old, old))


def test_a_synonym_that_stood_there_already():
    """Of two like words only the new one is looked up, and it is found."""
    text = "The large dog saw the big cat"
    assert meteor.score(changed(text, "large", "big")) == meteor.score(changed(text, "large", "large"))


def test_a_sentence_of_one_strange_word_scores_0():
    """Nothing found again is 0, not an error."""
    assert meteor.score(changed("Large.", "Large", "Green")) == 0


def test_nltk_needs_no_data_and_comes_late():
    """Importing the measures loads no NLTK; scoring loads it, reads no data of it, and warns of nothing."""
    program = """
import sys
from watermark.fidelity import meteor, figures
assert "nltk" not in sys.modules
from watermark.fidelity.changes import Change, Sentence
one = Change(start=0, end=5, word="large", original="large", published="big", acceptability=None)
print(meteor.score(Sentence(document="d", place=0, text="large houses", changes=(one,))) > 0.5)
assert "nltk" in sys.modules
"""
    environment = {"NLTK_DATA": "/nonexistent", "HOME": "/nonexistent", "PATH": "", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", program],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("True\n", "")


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("the a through place asked makes strength", 1),
        ("table apple people wanted science being quiet nation started boxes", 2),
        ("usual video radio beautiful idea museum serious continue", 3),
        ("information especially", 4),
        ("acceptability", 6),
    ],
)
def test_syllables_are_counted_by_spelling(words, count):
    """Silent endings are not counted, and vowels that stand apart are."""
    assert [readability.syllables(word) for word in words.split()] == [count] * len(words.split())


def test_flesch_by_hand():
    """Six words of seven syllables: 206.835 − 1.015 · 6 − 84.6 · 7/6, and the grade likewise."""
    text = "The cat sat on the table."
    assert readability.reading_ease(text) == pytest.approx(206.835 - 1.015 * 6 - 84.6 * 7 / 6)
    assert readability.grade(text) == pytest.approx(0.39 * 6 + 11.8 * 7 / 6 - 15.59)


def test_a_longer_word_is_harder():
    """Reading ease falls and the grade rises."""
    one, other = "They use it.", "They utilize it."
    assert readability.reading_ease(other) < readability.reading_ease(one)
    assert readability.grade(other) > readability.grade(one)


def test_what_has_no_word_has_no_ease():
    """It is a caller's mistake, not a division by 0."""
    with pytest.raises(ValueError, match="no word"):
        readability.reading_ease("…")
