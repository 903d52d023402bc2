"""Acceptability: common wordings of common senses before rare ones, and what is never offered."""

import pytest

from watermark import acceptability, articles, encoder, opaque, options, published, stoplist, thesaurus


def test_it_is_a_probability_that_rises_with_what_speaks_for_a_wording():
    """Better odds without context, and less drift in it, both make a wording likelier."""
    near, far = (encoder.Drift(sentence=0.9, span=span) for span in (0.9, 0.2))
    for log_odds in (-3.0, 0.0, 3.0):
        alone = acceptability.probability(log_odds)
        assert 0 < alone < acceptability.probability(log_odds + 1) < 1
        assert 0 < acceptability.probability(log_odds, far) < acceptability.probability(log_odds, near) < 1


@pytest.mark.parametrize(
    ("word", "pos", "better", "worse"),
    [("large", "a", "big", "enormous"), ("car", "n", "automobile", "vehicle"), ("begin", "v", "start", "introduce")],
)
def test_the_likelier_wording_comes_first(word, pos, better, worse):
    """Candidates come in falling order of what readers accept."""
    found = thesaurus.candidates(word, pos)
    odds = [candidate.log_odds for candidate in found]
    assert odds == sorted(odds, reverse=True)
    lemmas = [candidate.lemma for candidate in found]
    assert lemmas.index(better) < (lemmas.index(worse) if worse in lemmas else len(lemmas))


def test_words_that_the_table_lacks_have_no_candidates():
    """An unknown word, and a known one as another part of speech, have none."""
    assert thesaurus.candidates("xyzzy", "n") == ()
    assert thesaurus.candidates("", "n") == ()
    assert thesaurus.candidates("happily", "v") == ()


@pytest.mark.parametrize(("word", "tag"), [("large", "JJ"), ("journey", "NN"), ("car", "NN"), ("help", "VB")])
def test_options_are_plain_words(word, tag):
    """No underscores, capitals, digits, hyphens; not the word itself; nothing that is never offered."""
    found = options.find(word, word, tag)
    assert found
    for option in found:
        assert options.SPELLED.fullmatch(option.text)
        assert option.text != word
        assert stoplist.NEVER_OFFERED.isdisjoint(option.text.split(" "))


def test_antonyms_are_never_offered():
    """No option has a sense that opposes one of the word's."""
    assert not {"small", "little"} & {option.lemma for option in options.find("large", "large", "JJ")}


def test_compounds_are_inflected_at_their_heads():
    """A verb's first word takes the ending, a noun's last or the one before its preposition; unknown forms are none."""
    assert options.inflect("carry out", "VBZ") == "carries out"
    assert options.inflect("living room", "NNS") == "living rooms"
    assert options.inflect("point of view", "NNS") == "points of view"
    assert options.inflect("of the essence", "JJR") is None


def test_published_methods_offer_every_sense():
    """The published rule looks at no sense: a bank of a river may become a depository."""
    assert "depository financial institution" not in {one.text for one in published.find("bank", "bank", "NN")}
    assert {"trust", "rely"} & {one.text for one in published.find("bank", "bank", "VB")}


def test_published_methods_have_their_own_bar():
    """Context looks at the word in its place, sbert at the sentence, wordnet at neither."""
    drift = encoder.Drift(sentence=0.95, span=0.5)
    assert published.accepts("wordnet", drift)
    assert not published.accepts("context", drift)
    assert published.accepts("sbert", drift)


@pytest.mark.parametrize(
    ("word", "article"),
    [
        *(
            (word, "an")
            for word in ("hour", "honest", "heir", "apple", "umbrella", "unimportant", "uninteresting", "urn")
        ),
        *((word, "a") for word in ("house", "university", "one", "European", "useful", "unique", "usual", "unanimous")),
    ],
)
def test_articles_go_by_sound(word, article):
    """An hour, a university."""
    assert articles.article(word) == article


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("Use `x y` here", ["`x y`"]),
        ("See www.example.org/a now", ["www.example.org/a"]),
        ("Some prose.\n\n    the x here\n\nMore prose.", ["    the x here\n"]),
        (">>> f(x)\nresult here\n\nprose", [">>> f(x)\nresult here\n"]),
    ],
)
def test_what_is_not_prose_is_opaque(text, closed):
    """Code, addresses and prompts with their output are spans of their own."""
    assert [text[start:end] for start, end in opaque.find(text)] == closed


def test_loading_an_encoder_leaves_the_library_as_it_was():
    """Loading draws no bar, and whoever uses transformers beside us still has theirs."""
    from transformers.utils import logging

    before = logging.is_progress_bar_enabled()
    encoder.load(encoder.AUTO)
    assert logging.is_progress_bar_enabled() == before
