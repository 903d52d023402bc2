"""Laws of the transcript table, and what its reader refuses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance import artifacts, scoring, storage, transcripts
from provenance.errors import ArtifactError, InputError
from provenance.records import Record, Tokenizer
from provenance.suspects import ngram
from provenance.transcripts import tables

TOKENIZER = Tokenizer(name="somewhere", sha256="a" * 64, revision="main")
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@st.composite
def _rows(draw):
    ids = draw(st.lists(WORDS, min_size=1, max_size=12, unique=True))
    optional = st.none() | WORDS
    tokens = st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=5)
    return [
        {
            "id": id_,
            "positions": draw(st.lists(st.integers(0, 10**12), min_size=1, max_size=3)),
            "tokens": draw(tokens),
            "text": draw(optional),
            "stratum": draw(optional),
            "unit": draw(optional),
        }
        for id_ in ids
    ]


def write(path, rows, **changes):
    """Write rows as a transcript whose settings are good unless changed."""
    settings = {"tokenizer": TOKENIZER, "run_length": 10, "position_unit": "example", "shuffle": {"kind": "claimed"}}
    tables.write(path, rows, **{**settings, "inputs": {"source": "b" * 64}, **changes})
    return path


@settings(deadline=None, max_examples=60)
@given(rows=_rows(), unit=st.sampled_from(tables.POSITION_UNITS), kind=st.sampled_from(tables.SHUFFLES))
def test_a_transcript_reads_back_as_it_was_written(tmp_path_factory, rows, unit, kind):
    """``read(write(x)) == x``, rows and settings."""
    path = tmp_path_factory.mktemp("round") / "run.parquet"
    shuffle = {"kind": kind, "seed": 3}
    write(path, rows, run_length=10**12 + 1, position_unit=unit, shuffle=shuffle)
    found = transcripts.read(path)
    columns = zip(found.ids, found.positions, found.tokens, found.texts, found.strata, found.units, strict=True)
    names = ("id", "positions", "tokens", "text", "stratum", "unit")
    again = [dict(zip(names, row, strict=True)) for row in columns]
    assert [{**row, "positions": row["positions"].tolist(), "tokens": list(row["tokens"])} for row in again] == rows
    assert (found.tokenizer, found.run_length, found.position_unit) == (TOKENIZER, 10**12 + 1, unit)
    assert found.shuffle == shuffle
    assert found.sha256 == storage.digest(path)


def test_records_know_nothing_of_positions(tmp_path):
    """A suspect sees id, tokens and text."""
    rows = [{"id": "a", "positions": [3], "tokens": [1, 2]}, {"id": "b", "positions": [1], "text": "words"}]
    found = list(transcripts.records(transcripts.read(write(tmp_path / "t", rows))))
    assert found == [Record(id="a", tokens=(1, 2)), Record(id="b", text="words")]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], r"t: a transcript without rows"),
        ([{"id": "a", "positions": [1], "text": ""}, {"id": "a", "positions": [2], "text": ""}], r"t:2: id 'a' again"),
        ([{"positions": [1], "text": ""}], r"t:1: no id"),
        ([{"id": "a", "positions": [1], "text": ""}, {"id": "b", "positions": [], "text": ""}], r"t:2: no position"),
        ([{"id": "a", "text": ""}], r"t:1: no position"),
        ([{"id": "a", "positions": [1, -2], "text": ""}], r"t:1: position -2; expected 0 to 9"),
        ([{"id": "a", "positions": [1], "text": ""}, {"id": "b", "positions": [10], "text": ""}], r"t:2: position 10"),
    ],
)
def test_rows_that_no_audit_could_use_are_refused(tmp_path, rows, message):
    """One line, with the row, and no traceback for a table that is no transcript in substance."""
    with pytest.raises(ArtifactError, match=message):
        transcripts.read(write(tmp_path / "t", rows))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({}, "record 'a' has neither text nor token ids; .*--join CORPUS"),
        ({"tokens": [1]}, "record 'a' has no text, and its token ids are of a tokenizer .*--tokenizer"),
    ],
)
def test_ids_alone_are_a_transcript_and_ask_for_text_before_a_model_is(tmp_path, row, message):
    """Who was consumed when can be kept without saying what it is; a model then asks for it, and names the option."""
    found = transcripts.read(write(tmp_path / "t", [{"id": "a", "positions": [1], **row}], tokenizer=None))
    assert (found.ids, found.positions[0].tolist(), found.texts) == (("a",), [1], (None,))
    ngram.count([Record(id="b", text="abc")], out=tmp_path / "n", inputs={})
    with pytest.raises(InputError, match=message):
        scoring.score(transcripts.records(found), suspect=f"ngram:{tmp_path / 'n'}", tokenizer=found.tokenizer)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"tokenizer": None, "run_length": 3, "position_unit": "example", "shuffle": "full"},
        {"tokenizer": {"nam": "x"}, "run_length": 3, "position_unit": "example", "shuffle": {"kind": "full"}},
        {"tokenizer": None, "run_length": 3, "position_unit": "epoch", "shuffle": {"kind": "full"}},
        {"tokenizer": None, "run_length": 3, "position_unit": "step", "shuffle": {"kind": "well"}},
    ],
)
def test_a_header_that_does_not_say_how_the_run_went_is_refused(tmp_path, settings):
    """Without run length, unit and shuffle positions mean nothing."""
    row = {"id": "a", "positions": [1], "text": ""}
    artifacts.write(tmp_path / "t", [row], kind=tables.TRANSCRIPT, header=artifacts.Header(settings=settings))
    with pytest.raises(ArtifactError, match=r"/t: "):
        transcripts.read(tmp_path / "t")


@pytest.mark.parametrize("change", [{"position_unit": "epoch"}, {"shuffle": {"kind": "well"}}, {"shuffle": {}}])
def test_writing_settings_that_no_reader_takes_is_a_mistake_of_the_caller(tmp_path, change):
    """Nothing is written."""
    with pytest.raises(ValueError, match="position unit"):
        write(tmp_path / "t", [], **change)
    assert not list(tmp_path.iterdir())
