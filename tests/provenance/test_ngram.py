"""The counting model."""

import collections

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.errors import InputError
from provenance.records import Record, Tokenizer, Window
from provenance.suspects import ngram

TOKENIZER = Tokenizer(name="none", sha256="0" * 64)
SEQUENCES = [[1, 2, 3, 1, 2, 4], [2, 3, 1], [5], [1, 2, 3, 3, 3]]


def _quiet(_done, _total):
    """Show nothing."""


def _tokens(sequences):
    return [Record(id=str(row), tokens=tuple(tokens)) for row, tokens in enumerate(sequences)]


def _model(path, sequences, *, order=3):
    ngram.count(_tokens(sequences), out=path, tokenizer=TOKENIZER, order=order, inputs={})
    return ngram.load(str(path))


def _witten_bell(sequences, history, token, vocabulary):
    """Method C in a few lines, from the longest context that fits down to the uniform distribution."""
    probability = 1 / vocabulary
    for size in range(len(history) + 1):
        context = tuple(history[len(history) - size :])
        followers = collections.Counter(
            row[at + size]
            for row in sequences
            for at in range(len(row) - size)
            if tuple(row[at : at + size]) == context
        )
        if followers:
            total = followers.total() + len(followers)
            probability = (followers[token] + len(followers) * probability) / total
    return probability


def test_agrees_with_the_definition(tmp_path):
    """Every probability is Witten and Bell's, counted here by hand."""
    model = _model(tmp_path / "m.parquet", SEQUENCES)
    asked = [[1, 2, 3, 1], [4, 4, 2], [9, 1, 2]]
    for row, score in zip(asked, model.score(_tokens(asked), window=None, progress=_quiet), strict=True):
        for at, token in enumerate(row):
            expected = _witten_bell(SEQUENCES, row[max(0, at - 2) : at], token, model.vocabulary)
            assert np.exp(score.logprob[at]) == pytest.approx(expected, rel=1e-5)


ROWS = st.lists(st.lists(st.integers(0, 5), max_size=7), min_size=1, max_size=6)


@settings(max_examples=40)
@given(counted=ROWS, asked=ROWS, order=st.integers(1, 4))
def test_any_table_agrees_with_the_definition(tmp_path_factory, counted, asked, order):
    """Rows of any length, empty ones too, scored in one go: no row sees the end of the one before it."""
    if not any(counted):
        return
    model = _model(tmp_path_factory.mktemp("any") / "m.parquet", counted, order=order)
    for row, score in zip(asked, model.score(_tokens(asked), window=None, progress=_quiet), strict=True):
        expected = [
            _witten_bell(counted, row[max(0, at - order + 1) : at], token, model.vocabulary)
            for at, token in enumerate(row)
        ]
        assert np.exp(score.logprob) == pytest.approx(expected, rel=1e-5)


def test_batches_change_nothing(tmp_path, monkeypatch):
    """However many units are scored at once, the numbers are the same, and progress ends at its total."""
    model = _model(tmp_path / "m.parquet", SEQUENCES)
    whole = [score.logprob.tolist() for score in model.score(_tokens(SEQUENCES), window=None, progress=_quiet)]
    monkeypatch.setattr(ngram, "BATCH", 1)
    seen = []
    single = model.score(_tokens(SEQUENCES), window=None, progress=lambda done, total: seen.append((done, total)))
    assert [score.logprob.tolist() for score in single] == whole
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_tokens_that_were_never_counted_have_a_number(tmp_path):
    """An id beyond all that were counted is as likely as any other that was never seen after its context."""
    model = _model(tmp_path / "m.parquet", SEQUENCES)
    one, other = model.score(_tokens([[1, 2, 200], [1, 2, 70_000]]), window=None, progress=_quiet)
    assert one.logprob.tolist() == other.logprob.tolist()
    assert np.isfinite(one.logprob).all()


def test_tokens_and_bytes_are_never_taken_for_each_other(tmp_path):
    """A model of tokens refuses text, a model of text counts and scores the text of records that have ids too."""
    by_token = _model(tmp_path / "t.parquet", SEQUENCES)
    with pytest.raises(InputError, match="record 'a' has no token ids; expected a model that counted text"):
        list(by_token.score([Record(id="a", text="words")], window=None, progress=_quiet))
    both = Record(id="a", text="words", tokens=(1, 2))
    ngram.count([both], out=tmp_path / "b.parquet", inputs={})
    by_byte = ngram.load(str(tmp_path / "b.parquet"))
    assert by_byte.identity["backend"] == "witten-bell(order=6, unit=byte)"
    assert len(next(by_byte.score([both], window=None, progress=_quiet)).logprob) == len("words")
    with pytest.raises(InputError, match="has no text"):
        list(by_byte.score([Record(id="a", tokens=(1,))], window=None, progress=_quiet))
    with pytest.raises(InputError, match="has no token ids"):
        ngram.count([both, Record(id="b", text="x")], out=tmp_path / "c", tokenizer=TOKENIZER, inputs={})
    assert not (tmp_path / "c").exists()


def test_probabilities_add_up_to_one(tmp_path):
    """After any context the probabilities of the whole vocabulary sum to 1."""
    model = _model(tmp_path / "m.parquet", SEQUENCES)
    for context in ([], [1], [1, 2], [7, 7]):
        asked = _tokens([[*context, token] for token in range(model.vocabulary)])
        total = sum(np.exp(score.logprob[-1]) for score in model.score(asked, window=None, progress=_quiet))
        assert total == pytest.approx(1, rel=1e-5)


def test_window_and_context(tmp_path):
    """A window scores its own tokens given all before them, and a row that ends before it has no score."""
    model = _model(tmp_path / "m.parquet", SEQUENCES)
    whole, short = _tokens([[1, 2, 3, 1], [1]])
    full = next(model.score([whole], window=None, progress=_quiet))
    part, none = model.score([whole, short], window=Window(start=2, length=5), progress=_quiet)
    assert part.logprob == pytest.approx(full.logprob[2:])
    assert (part.start, part.tokens, len(none.logprob)) == (2, (3, 1), 0)


@settings(max_examples=25)
@given(text=st.text(min_size=1, max_size=30), context=st.text(max_size=10))
def test_text_is_scored_byte_by_byte(tmp_path_factory, text, context):
    """Text has one score a UTF-8 byte, none for its context, and ends that count characters."""
    path = tmp_path_factory.mktemp("bytes") / "m.parquet"
    ngram.count([Record(id="a", text="some text to count")], out=path, inputs={})
    record = Record(id="b", text=text, context=context)
    score = next(ngram.load(str(path)).score([record], window=None, progress=_quiet))
    assert len(score.logprob) == len(text.encode()) == len(score.ends)
    assert score.ends[-1] == len(text)


def test_same_counts_same_bytes(tmp_path):
    """The same records give the same file."""
    for name in ("a", "b"):
        _model(tmp_path / name, SEQUENCES)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_nothing_to_count_is_refused(tmp_path):
    """Records without a single unit make no model."""
    with pytest.raises(InputError, match="nothing to count"):
        ngram.count([Record(id="a", text="")], out=tmp_path / "m", inputs={})
    assert not (tmp_path / "m").exists()


@settings(max_examples=30)
@given(counted=ROWS, at_once=st.integers(1, 9))
def test_parts_are_counted_as_the_whole(tmp_path_factory, counted, at_once):
    """However few tokens are counted at once, the model has the same bytes."""
    if not any(counted):
        return
    folder = tmp_path_factory.mktemp("parts")
    ngram.count(_tokens(counted), out=folder / "whole", tokenizer=TOKENIZER, inputs={})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ngram, "COUNTED", at_once)
        ngram.count(_tokens(counted), out=folder / "parts", tokenizer=TOKENIZER, inputs={})
    assert (folder / "parts").read_bytes() == (folder / "whole").read_bytes()


def test_a_model_that_was_cut_is_still_one_of_probabilities(tmp_path, monkeypatch):
    """Of more n-grams than may be held the rarest go: what is left still adds up to one, and the model says so."""
    monkeypatch.setattr(ngram, "COUNTED", 50)
    rows = np.minimum(np.random.default_rng(0).geometric(0.3, size=(60, 20)), 8).tolist()
    assert ngram.count(_tokens(rows), out=tmp_path / "m", tokenizer=TOKENIZER, most=60, inputs={}) < 120
    model = ngram.load(str(tmp_path / "m"))
    assert "most=60, dropped=" in model.identity["backend"]
    for history in ([1, 1], [1, 2], [8, 7], [3]):
        asked = _tokens([[*history, token] for token in range(model.vocabulary)])
        last = [score.logprob[-1] for score in model.score(asked, window=None, progress=_quiet)]
        assert np.exp(last).sum() == pytest.approx(1, abs=1e-5)
    whole = _model(tmp_path / "w", rows)
    assert "most" not in whole.identity["backend"]
