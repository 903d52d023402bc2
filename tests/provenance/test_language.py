"""Language: exact offsets for any text, inflection both ways, tags one may rely on."""

import doctest
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.errors import InputError
from provenance.language import morphology, pipelines, sentences, surprisal, words

SENTENCES = st.lists(
    st.sampled_from(["Dr.", "It rained.", "e.g.", "No!", "\n\n", "- item", "3.5", "U.S.", "“So?”"])
).map(" ".join)


def tags(text):
    """Give each word's Penn tag."""
    (read,) = pipelines.default().read([text])
    return {token.text: token.xpos for sentence in read for token in sentence.tokens}


@pytest.mark.parametrize("module", [words, sentences, surprisal, morphology, pipelines])
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
        ("They enjoyed the walk.", "walk", "NN"),
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
    assert tags("They saw Anna and the dog.").items() >= {"Anna": "NNP", "dog": "NN"}.items()


@given(st.lists(st.text(max_size=80), max_size=3))
def test_any_text_can_be_tagged(texts):
    """Tokens are words of their text, in order, and certainty is a probability."""
    for text, read in zip(texts, pipelines.default().read(texts), strict=True):
        tokens = [token for sentence in read for token in sentence.tokens]
        assert [text[token.start : token.end] for token in tokens] == [token.text for token in tokens]
        assert all(one.end <= other.start for one, other in pairwise(tokens))
        assert all(0 < token.certainty <= 1 + 1e-9 for token in tokens)


def test_texts_read_together_are_read_as_alone():
    """What stands beside a text does not change its tags, nor does the batch it happens to be in."""
    texts = ["The old mill turned slowly.", "", "They walked home. It rained!", "word " * 20_000, "He sees them."]
    together = pipelines.default().read(texts)
    alone = [pipelines.default().read([text])[0] for text in texts]
    assert [[_plain(one) for one in found] for found in together] == [[_plain(one) for one in found] for found in alone]


def _plain(sentence):
    return sentence.start, sentence.end, [(token.start, token.text, token.xpos) for token in sentence.tokens]


def test_a_long_text_is_read_in_stretches():
    """A text longer than fits into memory is cut between sentences, and every word keeps its place."""
    text = "The old mill turned slowly by the river. " * 3_000
    (read,) = pipelines.default().read([text])
    tokens = [token for sentence in read for token in sentence.tokens]
    assert [(token.start, token.end) for token in tokens] == [(word.start, word.end) for word in words.find(text)]


def test_reading_leaves_nothing_behind():
    """Words never seen before do not pile up in the pipeline: memory stays flat on any corpus."""
    pipeline = pipelines.default().read.args[0]
    pipelines.default().read(["The mill turned."])
    before = len(pipeline.vocab.strings)
    pipelines.default().read([" ".join(f"qzx{number}vv" for number in range(500))])
    assert len(pipeline.vocab.strings) == before


def test_a_missing_pipeline_is_the_users_mistake():
    """An unknown spaCy pipeline is refused in one line that says what to do."""
    with pytest.raises(InputError, match=r"no spaCy pipeline 'xx_none'; expected .*; try "):
        pipelines.load("xx_none")


def test_a_pipeline_without_a_tagger_is_refused(tmp_path):
    """A pipeline that cannot tag is refused at the door."""
    spacy = pytest.importorskip("spacy")
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(InputError, match="has no tagger"):
        pipelines.load(str(tmp_path / "blank"))


def test_a_spacy_pipeline_keeps_our_words_whole(tmp_path):
    """A trained pipeline's tags land on our words; a compound that it splits is tagged X."""
    spacy = pytest.importorskip("spacy")
    pipeline = spacy.blank("en")
    tagger = pipeline.add_pipe("tagger")
    tagger.add_label("NN")
    pipeline.add_pipe("sentencizer")
    pipeline.initialize()
    pipeline.to_disk(tmp_path / "small")
    ((sentence,),) = pipelines.load(str(tmp_path / "small")).read(["A well-known dog."])
    assert [(token.text, token.xpos) for token in sentence.tokens] == [("A", "NN"), ("well-known", "XX"), ("dog", "NN")]
