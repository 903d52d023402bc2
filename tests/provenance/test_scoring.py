"""Records in, one table of scores out."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance import scoring, tokenizers, training
from provenance.errors import InputError, MismatchError
from provenance.records import Record, Score, Tokenizer, Window

TOKENIZER = Tokenizer(name="nowhere", sha256="1" * 64)


@dataclasses.dataclass(frozen=True)
class Lengths:
    """A real suspect in ten lines: a text's log-probability is minus its length."""

    asked: list
    tokenizer: Tokenizer | None = None
    identity: dict = dataclasses.field(default_factory=lambda: {"suspect": "lengths", "kind": "fake", "weights": "w"})

    def score(self, records, *, window, progress):
        """Answer with minus the number of letters or tokens."""
        self.asked.extend(records)
        for done, record in enumerate(records, start=1):
            length = len(record.tokens if record.tokens is not None else record.text)
            yield Score(id=record.id, logprob=np.float32([-length]), start=window.start if window else 0)
            progress(done, len(records))


TEXTS = st.lists(st.text(max_size=4), min_size=1, max_size=12)


@given(texts=TEXTS, seed=st.integers(0, 9))
def test_answers_do_not_depend_on_order_or_numbering(texts, seed):
    """Whatever the order of records and the numbers of variants, a text is asked once and scored the same."""
    records = [Record(id=str(row), variant=row % 5, text=text) for row, text in enumerate(texts)]
    shuffled = [records[row] for row in np.random.default_rng(seed).permutation(len(records))]
    renumbered = [dataclasses.replace(record, variant=4 - record.variant) for record in shuffled]
    first, second = Lengths([]), Lengths([])
    one = scoring.score(records, suspect=first)
    two = scoring.score(renumbered, suspect=second)
    assert [record.text for record in first.asked] == [record.text for record in second.asked]
    assert len(first.asked) == len(set(texts))
    assert {row.id: row.logprob[0] for row in one.rows} == {row.id: row.logprob[0] for row in two.rows}
    assert [row.id for row in two.rows] == [record.id for record in shuffled]


def test_tables_round_trip(tmp_path):
    """Reading gives what score wrote, and the digest is that of the file."""
    records = [Record(id="a", text="some", set="s", variant=2), Record(id="b", text="", view="lower")]
    wrote = scoring.score(records, suspect=Lengths([]), out=tmp_path / "s.parquet", inputs={"corpus": "0"})
    found = scoring.read(tmp_path / "s.parquet")
    assert (found.sha256, found.suspect, found.inputs) == (wrote.sha256, wrote.suspect, {"corpus": "0"})
    for one, two in zip(wrote.rows, found.rows, strict=True):
        assert (one.id, one.set, one.variant, one.view, one.start) == (
            two.id,
            two.set,
            two.variant,
            two.view,
            two.start,
        )
        assert one.logprob.tolist() == two.logprob.tolist()
    scoring.check_inputs(found, {"corpus": "0"})
    with pytest.raises(MismatchError, match="made from other files"):
        scoring.check_inputs(found, {"corpus": "1"})


def test_nothing_to_score_is_refused():
    """No record at all is a mistake, not an empty table."""
    with pytest.raises(InputError, match="nothing to score"):
        scoring.score([], suspect=Lengths([]))


def test_progress_reaches_its_total():
    """Progress never falls and ends at its total."""
    seen = []
    records = [Record(id=str(row), text="x" * row) for row in range(5)]
    scoring.score(records, suspect=Lengths([]), progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (5, 5)


def test_own_tokens_are_scored_as_they_are():
    """With the suspect's own tokenizer the recorded ids are scored, not a text made of them."""
    suspect = Lengths([], tokenizer=TOKENIZER)
    window = Window(start=1, length=1)
    found = scoring.score(
        [Record(id="a", tokens=(5, 6), text="other")], suspect=suspect, tokenizer=TOKENIZER, window=window
    )
    assert (found.rendering, found.window, suspect.asked[0].tokens) == ("tokens", "1:1", (5, 6))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A tokenizer on disk, and its name."""
    folder = tmp_path_factory.mktemp("tokenizer")
    training.train_tokenizer(["some words and other words, again and again"] * 9, vocabulary=300, out=folder)
    loaded = tokenizers.load(str(folder))
    return loaded, tokenizers.identify(loaded, str(folder))


def test_other_tokenizers_get_the_same_characters(saved):
    """For a suspect with another tokenizer the window is decoded: its context is given, its characters are scored."""
    loaded, named = saved
    ids = tuple(loaded("other words, and some")["input_ids"])
    suspect = Lengths([], tokenizer=TOKENIZER)
    found = scoring.score(
        [Record(id="a", tokens=ids)], suspect=suspect, tokenizer=named, window=Window(start=2, length=3)
    )
    asked = suspect.asked[0]
    assert found.rendering == "text"
    assert asked.tokens is None
    assert (asked.context, asked.text) == (loaded.decode(ids[:2]), loaded.decode(ids[2:5]))


def test_without_tokenizer_the_text_is_scored():
    """Ids of a tokenizer that cannot be loaded fall back to the text."""
    suspect = Lengths([])
    found = scoring.score([Record(id="a", tokens=(5, 6), text="words")], suspect=suspect, tokenizer=TOKENIZER)
    assert (found.rendering, suspect.asked[0].text, suspect.asked[0].tokens) == ("text", "words", None)


def test_neither_tokenizer_nor_text_is_refused():
    """Ids that nobody can read are an error that says what to try."""
    with pytest.raises(InputError, match=r"record 'a' has no text.*--tokenizer"):
        scoring.score([Record(id="a", tokens=(5, 6))], suspect=Lengths([]), tokenizer=TOKENIZER)


def test_an_interrupted_score_leaves_nothing(tmp_path):
    """Ctrl-C in the middle leaves no file."""

    @dataclasses.dataclass(frozen=True)
    class Stopped(Lengths):
        def score(self, records, *, window, progress):
            yield from super().score(records[:1], window=window, progress=progress)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scoring.score(
            [Record(id="a", text="a"), Record(id="b", text="b")], suspect=Stopped([]), out=tmp_path / "s.parquet"
        )
    assert not list(tmp_path.iterdir())
