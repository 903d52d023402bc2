"""Language: exact offsets for any text, inflection both ways, tags one may rely on."""

import doctest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.errors import InputError
from provenance.language import lexical, morphology, sentences, surprisal, tagging, words

SENTENCES = st.lists(
    st.sampled_from(["Dr.", "It rained.", "e.g.", "No!", "\n\n", "- item", "3.5", "U.S.", "“So?”"])
).map(" ".join)


def tags(text):
    """Give each word's Penn tag under a small lexicon."""
    tagger = lexical.tagger(prior, name="small")
    return {token.text: token.xpos for sentence in tagger.read(text) for token in sentence.tokens}


def prior(lemma):
    """Count a few lemmas."""
    small = {"dog": {"n": 40, "v": 2}, "walk": {"n": 10, "v": 60}, "large": {"a": 90}, "visit": {"n": 20, "v": 25}}
    return small.get(lemma, {})


@pytest.mark.parametrize("module", [words, sentences, surprisal, morphology, lexical])
def test_examples_hold(module):
    """The examples in the docstrings are true."""
    assert doctest.testmod(module).failed == 0


@given(st.text())
def test_words_are_where_they_say(text):
    """Offsets give the words back, in order, in any text."""
    last = 0
    for word in words.find(text):
        assert text[word.start : word.end] == word.text
        assert last <= word.start
        last = word.end


@settings(max_examples=200)
@given(st.one_of(st.text(), SENTENCES))
def test_sentences_leave_out_white_space_only(text):
    """Sentences are in order, trimmed, and between them stands nothing but white space."""
    last = 0
    for start, end in sentences.find(text):
        assert not text[last:start].strip()
        assert text[start:end] == text[start:end].strip() != ""
        last = end
    assert not text[last:].strip()


def test_surprisal_falls_with_frequency():
    """The commoner word surprises less, and an unknown one is bounded."""
    assert surprisal.surprisal("the") < surprisal.surprisal("large") < surprisal.surprisal("qqqzzzx") < 30


@pytest.mark.parametrize(
    ("lemma", "xpos", "form"),
    [
        ("purchase", "VBD", "purchased"),
        ("child", "NNS", "children"),
        ("large", "JJS", "largest"),
        ("run", "VBG", "running"),
    ],
)
def test_inflection_goes_both_ways(lemma, xpos, form):
    """A form inflected is analysed as what it was made from."""
    assert morphology.inflect(lemma, xpos) == form
    assert (xpos, lemma) in morphology.analyses(form)


def test_no_form_is_guessed():
    """What the dictionary lacks is no form: there is no "beautifuler"."""
    assert morphology.inflect("beautiful", "JJR") is None
    assert morphology.inflect("qqqzzzx", "VBD") is None


@pytest.mark.parametrize(
    ("text", "word", "xpos"),
    [
        ("She wants to walk home.", "walk", "VB"),
        ("They took the walk home.", "walk", "NN"),
        ("He walks the large dog.", "walks", "VBZ"),
        ("The large dogs ran.", "dogs", "NNS"),
        ("The dog was visited by them.", "visited", "VBN"),
        ("He visited the dog.", "visited", "VBD"),
    ],
)
def test_context_decides_between_tags(text, word, xpos):
    """A determiner calls for a noun, "to" for a base form, a pronoun for a finite verb, "was" for a participle."""
    assert tags(text)[word] == xpos


def test_names_are_names():
    """A capital inside a sentence makes a name."""
    assert tags("They saw Dog and the dog.") | {"Dog": "NNP", "dog": "NN"} == tags("They saw Dog and the dog.")


@given(st.text(max_size=80))
def test_any_text_can_be_tagged(text):
    """Tokens are the words, and certainty is a probability."""
    read = lexical.tagger(prior, name="small").read(text)
    tokens = [token for sentence in read for token in sentence.tokens]
    assert [(token.start, token.end) for token in tokens] == [(word.start, word.end) for word in words.find(text)]
    assert all(0 < token.certainty <= 1 + 1e-9 for token in tokens)


def test_a_missing_pipeline_is_the_users_mistake():
    """An unknown spaCy pipeline is refused in one line that says what to do."""
    with pytest.raises(InputError, match=r"no spaCy pipeline 'xx_none'; expected .*; try "):
        tagging.spacy_pipeline("xx_none")


def test_a_pipeline_without_a_tagger_is_refused(tmp_path):
    """A pipeline that cannot tag is refused at the door."""
    spacy = pytest.importorskip("spacy")
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(InputError, match="has no tagger"):
        tagging.spacy_pipeline(str(tmp_path / "blank"))


def test_a_spacy_pipeline_keeps_our_words_whole(tmp_path):
    """A trained pipeline's tags land on our words; a compound that it splits is tagged X."""
    spacy = pytest.importorskip("spacy")
    pipeline = spacy.blank("en")
    tagger = pipeline.add_pipe("tagger")
    tagger.add_label("NN")
    pipeline.add_pipe("sentencizer")
    pipeline.initialize()
    pipeline.to_disk(tmp_path / "small")
    (sentence,) = tagging.spacy_pipeline(str(tmp_path / "small")).read("A well-known dog.")
    assert [(token.text, token.xpos) for token in sentence.tokens] == [("A", "NN"), ("well-known", "XX"), ("dog", "NN")]
