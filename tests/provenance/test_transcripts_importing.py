"""What comes in from other people's tables, and what is refused with its line."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance import transcripts
from provenance.errors import InputError
from provenance.records import Tokenizer
from provenance.transcripts import importing, sources

TOKENIZER = Tokenizer(name="somewhere", sha256="a" * 64)
GOOD = [
    {"id": "a", "position": 2, "tokens": [5, 6], "stratum": "s", "unit": 7},
    {"id": "b", "position": 0, "tokens": [7], "text": "seven", "stratum": "s", "unit": 7, "loss": 1.5},
    {"id": "c", "position": 1, "tokens": [5, 6], "stratum": "t", "unit": 8},
]


def lines(rows):
    """Spell rows as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def table(folder, content, *, name="seen.jsonl"):
    """Lay a table on the disk and open it as a source."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return sources.open(path)


def imported(source, *, tokenizer=TOKENIZER, sample=None, join=None, **declared):
    """Import a source and read the transcript back."""
    out = source.path.parent / "out" / "run.parquet"
    settings = importing.Declared(tokenizer=tokenizer, **declared)
    importing.import_table(source, out=out, declared=settings, sample=sample, join=join)
    return transcripts.read(out)


def as_is(text):
    """Leave bytes as they are."""
    return text


@pytest.mark.parametrize(
    ("name", "pack"),
    [("seen.jsonl", as_is), ("seen.json.gz", gzip.compress), ("seen.ndjson.zst", zstandard.compress)],
)
def test_json_lines_come_in_with_all_they_say(tmp_path, name, pack):
    """Every field reaches its column, compressed or not; unknown ones are passed over."""
    found = imported(table(tmp_path, pack(lines(GOOD).encode()), name=name))
    assert found.ids == ("a", "b", "c")
    assert [where.tolist() for where in found.positions] == [[2], [0], [1]]
    assert found.tokens == ((5, 6), (7,), (5, 6))
    assert found.texts == (None, "seven", None)
    assert (found.strata, found.units) == (("s", "s", "t"), ("7", "7", "8"))
    assert (found.run_length, found.position_unit, found.shuffle) == (3, "example", {"kind": "claimed"})


def test_parquet_comes_in_like_json_lines(tmp_path):
    """The same rows in either format make the same transcript."""
    pq.write_table(pa.Table.from_pylist(GOOD), tmp_path / "seen.parquet")
    found = imported(sources.open(tmp_path / "seen.parquet"))
    assert found.ids == ("a", "b", "c")
    assert [where.tolist() for where in found.positions] == [[2], [0], [1]]
    assert found.tokens == ((5, 6), (7,), (5, 6))


def test_several_epochs_come_as_lists(tmp_path):
    """A row consumed twice has two positions, and the longest list counts the epochs."""
    rows = [{"id": 1, "positions": [0, 9], "text": "x"}, {"id": 2, "positions": [4], "text": "y"}]
    source = table(tmp_path, lines(rows))
    summary = importing.import_table(source, out=tmp_path / "t", declared=importing.Declared())
    assert (summary.rows, summary.epochs, summary.run_length) == (2, 2, 10)
    assert [where.tolist() for where in transcripts.read(tmp_path / "t").positions] == [[0, 9], [4]]


def test_a_table_without_ids_names_rows_by_number(tmp_path):
    """The first row is row-000000001."""
    rows = [{"position": 1, "text": "x"}, {"position": 0, "text": "y"}]
    assert imported(table(tmp_path, lines(rows))).ids == ("row-000000001", "row-000000002")


def test_blank_lines_and_a_byte_order_mark_are_passed_over(tmp_path):
    """Lines are still counted as an editor counts them."""
    content = "\ufeff" + lines(GOOD[:2]) + "\n  \n" + "{]\n"
    with pytest.raises(InputError, match=r"seen\.jsonl:5: malformed JSON"):
        imported(table(tmp_path, content))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([GOOD[0], {"id": "b", "text": "x"}], r"seen\.jsonl:2: no position; expected"),
        ([{"id": "b", "text": "x", "position": 1, "positions": [1]}], r":1: both position and positions"),
        ([{"id": "b", "text": "x", "position": -1}], r":1: position -1; expected a whole number from 0"),
        ([{"id": "b", "text": "x", "position": 1.5}], r":1: position 1\.5; expected a whole number"),
        ([{"id": "b", "text": "x", "position": True}], r":1: position True"),
        ([{"id": "b", "text": "x", "position": "3"}], r":1: position '3'"),
        ([{"id": "b", "text": "x", "position": 2**63}], r":1: position 9223372036854775808"),
        ([{"id": "b", "text": "x", "positions": []}], r":1: positions is \[\]"),
        ([{"id": "b", "text": "x", "positions": 4}], r":1: positions is 4; expected a list"),
        ([*GOOD, {"id": "b", "text": "x", "position": 9}], r":4: id 'b' again, first in line 2"),
        ([{"id": "b", "position": 0}], r":1: neither tokens nor text; .*--join CORPUS"),
        ([{"id": "b", "position": 0, "tokens": []}], r":1: tokens is no list of ids, or an empty one"),
        ([{"id": "b", "position": 0, "tokens": "ab"}], r":1: tokens is no list"),
        ([{"id": "b", "position": 0, "tokens": [1, -1]}], r":1: token -1"),
        ([{"id": "b", "position": 0, "tokens": [1, None]}], r":1: token None"),
        ([{"id": "b", "position": 0, "tokens": [2**31]}], r":1: token 2147483648"),
        ([{"id": "b", "position": 0, "text": 3}], r":1: field 'text' is a number"),
        ([{"id": "b", "position": 0, "text": "x", "unit": []}], r":1: unit is a list"),
        ([GOOD[0], {"position": 1, "text": "x"}], r":2: id field 'id' is null"),
        ([{"position": 1, "text": "x"}, GOOD[0]], r":2: an id, where the rows before had none"),
        ([{**row, "position": 5} for row in GOOD], r"seen\.jsonl: positions all equal: an order needs at least two"),
        ([GOOD[0]], r"positions all equal"),
        ([], r"seen\.jsonl: an empty file"),
        ([[1]], r":1: this line is list; expected one JSON object"),
    ],
)
def test_a_wrong_row_is_one_line_and_leaves_nothing_behind(tmp_path, rows, message):
    """Where, what, what was expected; and no file where the transcript would have been."""
    with pytest.raises(InputError, match=message) as caught:
        imported(table(tmp_path, lines(rows)))
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("out/*"))


def test_tokens_without_tokenizer_and_text_ask_for_one(tmp_path):
    """The message names the option."""
    with pytest.raises(InputError, match=r":1: tokens, but no tokenizer and no text; try --tokenizer"):
        imported(table(tmp_path, lines(GOOD)), tokenizer=None)


def test_a_run_shorter_than_its_positions_is_refused(tmp_path):
    """The option that says so is named."""
    with pytest.raises(InputError, match=r":1: position 2; expected 0 to 1, as --run-length 2 says"):
        imported(table(tmp_path, lines(GOOD)), run_length=2)


def test_a_longer_run_than_its_rows_is_taken(tmp_path):
    """A table may hold a part of the run."""
    assert imported(table(tmp_path, lines(GOOD)), run_length=100).run_length == 100


def test_within_stratum_needs_strata(tmp_path):
    """A shuffle within groups means nothing for a row of none."""
    rows = [GOOD[0], {"id": "b", "position": 1, "text": "x"}]
    with pytest.raises(InputError, match=r":2: no stratum"):
        imported(table(tmp_path, lines(rows)), shuffle="within-stratum")
    assert imported(table(tmp_path, lines(GOOD)), shuffle="within-stratum").shuffle == {"kind": "within-stratum"}


@pytest.mark.parametrize("text", ["buffer", "buffer:0", "buffer:x", "full:3", "", "shuffled"])
def test_an_unknown_shuffle_is_refused(text):
    """The message lists those there are."""
    with pytest.raises(InputError, match="expected full, within-stratum, buffer:SIZE, none or claimed"):
        importing.parse_shuffle(text)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("seen.jsonl", b'{"id": "\xff"}\n', r"seen\.jsonl:1: byte 0xff is not UTF-8"),
        (
            "seen.jsonl.gz",
            gzip.compress(lines(GOOD).encode())[:-9],
            r"seen\.jsonl\.gz: a \.gz file that ends too early",
        ),
        ("seen.parquet", b"PAR1 and nothing more PAR1", r"seen\.parquet: not a whole Parquet file"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path, name, content, message):
    """Cut short or not what its name says: no traceback."""
    with pytest.raises(InputError, match=message):
        imported(table(tmp_path, content, name=name))


def test_an_unknown_name_asks_for_the_format(tmp_path):
    """A format is guessed from the name, or said."""
    (tmp_path / "seen.dat").write_text(lines(GOOD))
    with pytest.raises(InputError, match=r"seen\.dat: its name does not tell its format; try --format jsonl\|parquet"):
        sources.open(tmp_path / "seen.dat")
    assert imported(sources.open(tmp_path / "seen.dat", format="jsonl")).ids == ("a", "b", "c")
    with pytest.raises(InputError, match="no such file"):
        sources.open(tmp_path / "nothing.jsonl")


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32), count=st.integers(2, 30), shuffled=st.randoms(use_true_random=False))
def test_a_sample_is_chosen_without_looking_at_positions(tmp_path_factory, seed, count, shuffled):
    """Other positions and another file order give the same sample; it has the size asked for."""
    folder = tmp_path_factory.mktemp("sample")
    rows = [{"id": f"row {row}", "position": row, "text": "x"} for row in range(40)]
    sample = importing.Sample(rows=count, seed=seed)
    first = imported(table(folder, lines(rows)), sample=sample)
    positions = list(range(40))
    shuffled.shuffle(positions)
    rows = [{**row, "position": position} for row, position in zip(rows, positions, strict=True)]
    shuffled.shuffle(rows)
    second = imported(table(folder, lines(rows)), sample=sample)
    assert len(first.ids) == count
    assert set(first.ids) == set(second.ids)
    assert first.run_length == second.run_length == 40


def test_samples_of_many_seeds_take_every_row_equally_often(tmp_path):
    """Over 400 seeds each of 10 rows is in a sample of 5 about 200 times (within 5 standard deviations)."""
    source = table(tmp_path, lines([{"id": str(row), "position": row, "text": "x"} for row in range(10)]))
    taken = [0] * 10
    for seed in range(400):
        for id_ in imported(source, sample=importing.Sample(rows=5, seed=seed)).ids:
            taken[int(id_)] += 1
    assert all(150 <= count <= 250 for count in taken)


def test_a_sample_larger_than_the_table_is_the_table(tmp_path):
    """Nothing is invented, nothing left out."""
    found = imported(table(tmp_path, lines(GOOD)), sample=importing.Sample(rows=99, seed=0))
    assert found.ids == ("a", "b", "c")


def test_text_is_joined_by_id_where_a_row_has_none(tmp_path):
    """A row's own text stays; the corpus gives the others theirs, whatever its order."""
    rows = [{"id": "a", "position": 1}, {"id": "b", "position": 0, "text": "own"}, {"id": "c", "position": 2}]
    corpus = [{"id": id_, "text": f"corpus {id_}"} for id_ in "dbca"]
    (tmp_path / "corpus.jsonl").write_text(lines(corpus))
    found = imported(table(tmp_path, lines(rows)), join=tmp_path / "corpus.jsonl", tokenizer=None)
    assert found.texts == ("corpus a", "own", "corpus c")


def test_a_row_that_the_joined_corpus_lacks_is_named(tmp_path):
    """Its line is in the message."""
    (tmp_path / "corpus.jsonl").write_text(lines([{"id": "a", "text": "x"}]))
    rows = [{"id": "a", "position": 1}, {"id": "b", "position": 0}]
    with pytest.raises(InputError, match=r"seen\.jsonl:2: neither tokens nor text"):
        imported(table(tmp_path, lines(rows)), join=tmp_path / "corpus.jsonl")
