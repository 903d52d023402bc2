"""Records in, one table of scores out."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance import artifacts, questions, scoring, tokenizers, training
from provenance.errors import ArtifactError, InputError, MismatchError
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


@settings(max_examples=60)
@given(text=st.text(min_size=1, max_size=12), start=st.integers(0, 12), length=st.integers(1, 12))
def test_the_window_is_decoded_to_its_own_characters(saved, text, start, length):
    """Context and window are the ids' own text up to the window's end, even where tokens are parts of letters."""
    loaded, named = saved
    ids = tuple(loaded(text)["input_ids"])
    suspect = Lengths([], tokenizer=TOKENIZER)
    window = Window(start=start, length=length)
    scoring.score([Record(id="a", tokens=ids)], suspect=suspect, tokenizer=named, window=window)
    asked = suspect.asked[0]
    assert asked.context + asked.text == loaded.decode(ids[: start + length])
    if start == 0 and length >= len(ids):
        assert asked.text == text
    if start >= len(ids):
        assert asked.text == ""


def test_another_tokenizer_under_the_name_is_refused(saved):
    """Ids are never decoded with a tokenizer that did not make them."""
    _, named = saved
    record = Record(id="a", tokens=(5, 6), text="words")
    with pytest.raises(MismatchError, match="not the one that made the recorded token ids"):
        scoring.score([record], suspect=Lengths([]), tokenizer=dataclasses.replace(named, sha256="2" * 64))


def test_texts_apart_only_in_their_context_are_asked_apart():
    """What is context and what is scored tells two questions apart, whatever characters they have."""
    records = [
        Record(id="a", context="x\0", text="y"),
        Record(id="b", context="x", text="\0y"),
        Record(id="c", text=""),
    ]
    suspect = Lengths([])
    found = scoring.score(records, suspect=suspect)
    assert [row.logprob[0] for row in found.rows] == [-1.0, -2.0, 0.0]
    assert len(suspect.asked) == 3


def test_identical_texts_have_identical_scores():
    """Copies of a text, under whatever ids, variants and views, are asked once and answered alike."""
    suspect = Lengths([])
    records = [Record(id=str(row), variant=row, view="text" if row % 2 else "lower", text="same") for row in range(6)]
    found = scoring.score(records, suspect=suspect)
    assert len(suspect.asked) == 1
    assert {row.logprob[0] for row in found.rows} == {-4.0}
    assert [(row.id, row.variant, row.view) for row in found.rows] == [(r.id, r.variant, r.view) for r in records]


@dataclasses.dataclass(frozen=True)
class Answers(Lengths):
    """A suspect that gives all it can give: NaN, mean, sd, tokens and ends."""

    def score(self, records, *, window, progress):
        """Answer every record alike."""
        del window, progress
        for record in records:
            numbers = np.float32([np.nan, -1, -np.inf])
            yield Score(id=record.id, logprob=numbers, mean=numbers, sd=-numbers, tokens=(1, 2, 3), ends=(1, 2, 9))


def test_whatever_was_answered_is_kept(tmp_path):
    """NaN and infinity are kept for the audit to refuse; no number is dropped or mended on the way."""
    scoring.score([Record(id="a", text="x")], suspect=Answers([]), out=tmp_path / "s.parquet")
    (row,) = scoring.read(tmp_path / "s.parquet").rows
    for numbers, sign in ((row.logprob, 1), (row.mean, 1), (row.sd, -1)):
        assert np.array_equal(numbers * sign, np.float32([np.nan, -1, -np.inf]), equal_nan=True)
    assert (row.tokens, row.ends) == ((1, 2, 3), (1, 2, 9))


SCORE = st.builds(
    Score,
    id=st.text(max_size=3),
    logprob=st.lists(st.floats(width=32, allow_nan=False), max_size=4).map(np.float32),
    start=st.integers(0, 9),
    tokens=st.none() | st.lists(st.integers(0, 2**31 - 1), max_size=3).map(tuple),
    ends=st.none() | st.lists(st.integers(0, 99), max_size=3).map(tuple),
    mean=st.none() | st.lists(st.floats(width=32, allow_nan=False), max_size=4).map(np.float32),
    sd=st.none(),
    set=st.none() | st.text(max_size=3),
    variant=st.integers(0, 100),
    view=st.text(max_size=3),
)


@settings(max_examples=30)
@given(rows=st.lists(SCORE, max_size=4))
def test_any_scores_round_trip(tmp_path_factory, rows):
    """read(write(x)) is x for whatever suspects answer."""
    path = tmp_path_factory.mktemp("scores") / "s.parquet"
    suspect = {"suspect": "s", "kind": "fake", "weights": "w"}
    scores = scoring.Scores(rows=tuple(rows), suspect=suspect, rendering="text", window="1:2", inputs={}, sha256="")
    wrote = scoring.save(scores, path)
    found = scoring.read(path)
    assert dataclasses.replace(found, rows=()) == dataclasses.replace(wrote, rows=())
    for one, two in zip(rows, found.rows, strict=True):
        for part in dataclasses.fields(Score):
            assert np.array_equal(getattr(one, part.name), getattr(two, part.name))


def test_the_digest_knows_every_number():
    """Scores that were never saved have a digest too, and other numbers, means or ids have another."""
    suspect = {"suspect": "s", "kind": "fake", "weights": "w"}
    row = Score(id="a", logprob=np.float32([1, 2]))
    others = [{"logprob": np.float32([1, 3])}, {"id": "b"}, {"mean": np.float32([1])}, {"sd": np.float32([1])}]
    rows = [row, row, *(dataclasses.replace(row, **change) for change in others)]
    digests = [
        scoring._digested(
            scoring.Scores(rows=(one,), suspect=suspect, rendering="text", window=None, inputs={}, sha256="")
        ).sha256
        for one in rows
    ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 5


@pytest.mark.parametrize(
    ("change", "settings_", "message"),
    [
        ({"logprob": None}, {}, "a row has no logprob"),
        ({"id": None}, {}, "a row has no id"),
        ({}, {"suspect": {}}, "does not say who was asked"),
    ],
)
def test_damaged_tables_are_told(tmp_path, change, settings_, message):
    """A table of scores that was altered by hand is one clear line."""
    whole = {"suspect": {"suspect": "s"}, "rendering": "text", "window": None, **settings_}
    row = {"id": "a", "variant": 0, "view": "text", "start": 0, "logprob": [1.0], **change}
    header = artifacts.Header(settings=whole)
    artifacts.write(tmp_path / "s", [row], kind=scoring.SCORES, header=header)
    with pytest.raises(ArtifactError, match=message):
        scoring.read(tmp_path / "s")


def test_tables_of_early_versions_are_read(tmp_path):
    """A table that does not say which texts were asked is a table of scores, and of nothing in particular."""
    records, suspect = [Record(id="a", text="some")], Lengths([])
    settings_ = {"suspect": suspect.identity, "rendering": "text", "window": None}
    row = {"id": "a", "variant": 0, "view": "text", "start": 0, "logprob": [-4.0]}
    artifacts.write(tmp_path / "s", [row], kind=scoring.SCORES, header=artifacts.Header(settings=settings_))
    assert (scoring.read(tmp_path / "s").texts, scoring.read(tmp_path / "s").rows[0].id) == ("", "a")
    asked = questions.prepare(records, suspect, window=None, tokenizer=None)
    head = scoring.header(asked, suspect, window=None, inputs={})
    assert not scoring.is_of(tmp_path / "s", head)
    assert not scoring.is_of(tmp_path / "none", head)
    scoring.score(records, suspect=suspect, out=tmp_path / "s")
    assert scoring.is_of(tmp_path / "s", head)


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
