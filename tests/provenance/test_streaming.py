"""Many rows: what is asked, answered and audited of them is what it is of few, and is not held."""

import dataclasses
import tracemalloc

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance import artifacts, lookup, questions, ragged, resuming, scoring, shards, spills, unfinished, unheld
from provenance.audits import order
from provenance.errors import ArtifactError
from provenance.records import Record, Span, Tokenizer, Window
from provenance.suspects import column, listings, ngram
from provenance.transcripts import tables

TOKENIZER = Tokenizer(name="made up", sha256="0" * 64)
NAMES = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), max_size=9)


def lay(folder, rows, *, length=12):
    """Write a transcript, and a column of likelihoods that rise along its run."""
    rng = np.random.default_rng(0)
    positions, tokens = rng.permutation(rows), np.minimum(rng.geometric(0.02, size=(rows, length)), 500)
    examples = (
        {"id": f"r{row}", "positions": [int(at)], "tokens": ids}
        for row, (at, ids) in enumerate(zip(positions, tokens.tolist(), strict=True))
    )
    about = {"run_length": rows, "position_unit": "example", "shuffle": {"kind": "full"}, "inputs": {}}
    tables.write(folder / "run.parquet", examples, tokenizer=TOKENIZER, **about)
    likely = rng.normal(size=rows) + positions / rows - 9
    names = [f"r{row}" for row in range(rows)]
    pq.write_table(pa.table({"id": names[::-1], "ll": likely[::-1]}), folder / "ll.parquet", row_group_size=1000)
    return tables.read(folder / "run.parquet")


def scored(transcript, suspect, *, out, window=None, records=None):
    """Score shard by shard, and open the table."""
    given_ = tables.records(transcript) if records is None else records
    asked = questions.prepare(given_, suspect, window=window, tokenizer=TOKENIZER)
    header = scoring.header(asked, suspect, window=window, inputs={})
    with unfinished.opened(asked, suspect, header=header, out=out) as work:
        resuming.run(work, work.todo())
        assert resuming.merge(work)
    return scoring.read(out)


def peak(work):
    """Give the most bytes that Python and NumPy held while something was done, beyond those held before."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    work()
    most = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return most


def test_scoring_takes_a_few_bytes_a_row(tmp_path, monkeypatch):
    """Each row more takes less than 60 bytes: indices and digests, no objects."""
    for module, name in ((resuming, "ROWS_AT_ONCE"), (shards, "ROWS_AT_ONCE"), (artifacts, "ROWS_PER_GROUP")):
        monkeypatch.setattr(module, name, 1_000)
    monkeypatch.setattr(column, "AT_ONCE", 1_000)
    monkeypatch.setattr(listings, "AT_ONCE", 1_000)
    most = []
    for rows in (4_000, 12_000):
        folder = tmp_path / str(rows)
        folder.mkdir()
        transcript = lay(folder, rows, length=4)

        def work(transcript=transcript, folder=folder):
            suspect = column.load(f"{folder / 'll.parquet'}:ll")
            scored(transcript, suspect, out=folder / "s.parquet", window=Window(start=1, length=2))

        most.append(peak(work))
    assert most[1] - most[0] < 60 * 8_000


@pytest.mark.parametrize("kind", ["column", "ngram"])
def test_rows_on_the_disk_are_asked_as_those_in_memory(tmp_path, monkeypatch, kind):
    """The table has the same bytes whether records are held or stay where they are, in shards of any size."""
    monkeypatch.setattr(questions, "MOST_TEXTS", 37)
    monkeypatch.setattr(resuming, "ROWS_AT_ONCE", 50)
    transcript = lay(tmp_path, 300)
    suspect = column.load(f"{tmp_path / 'll.parquet'}:ll")
    if kind == "ngram":
        ngram.count(tables.records(transcript), out=tmp_path / "n", tokenizer=TOKENIZER, inputs={})
        suspect = ngram.load(str(tmp_path / "n"))
    held = [*tables.records(transcript)]
    window = Window(start=4, length=8)
    scored(transcript, suspect, out=tmp_path / "s.parquet", window=window)
    scored(transcript, suspect, out=tmp_path / "t.parquet", window=window, records=held)
    at_once = scoring.score(held, suspect=suspect, window=window, tokenizer=TOKENIZER, out=tmp_path / "u.parquet")
    tables_ = [(tmp_path / f"{name}.parquet").read_bytes() for name in "stu"]
    assert tables_[0] == tables_[1] == tables_[2]
    assert [row.id for row in at_once.rows] == [row.id for row in scoring.read(tmp_path / "s.parquet").rows]


@pytest.mark.parametrize("units", [None, tuple(f"u{row // 3}" for row in range(300))])
def test_an_audit_of_rows_on_the_disk_is_the_one_of_rows_in_memory(tmp_path, units):
    """All evidence is the same, whole units or single rows, whether transcript and scores are held or not."""
    transcript = dataclasses.replace(lay(tmp_path, 300), units=units or (None,) * 300)
    scores = scored(transcript, column.load(f"{tmp_path / 'll.parquet'}:ll"), out=tmp_path / "s.parquet")
    columns = ("ids", "positions", "tokens", "texts", "strata", "units")
    held = dataclasses.replace(transcript, **{name: tuple(getattr(transcript, name)) for name in columns})
    answers = dataclasses.replace(scores, rows=tuple(scores.rows))
    found = order.audit(transcript, scores, references=[scores], resamples=199)
    assert order.audit(held, answers, references=[answers], resamples=199) == found


def test_what_stays_on_the_disk_outlives_its_name(tmp_path):
    """A transcript that was opened is read to its end though the file was removed; a damaged one is told."""
    transcript = lay(tmp_path, 50)
    (tmp_path / "run.parquet").unlink()
    assert transcript.ids[49] == "r49"
    assert transcript.tokens[3] == list(transcript.tokens)[3]
    lay(tmp_path, 50_000, length=2)
    content = bytearray((tmp_path / "run.parquet").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20_000] = bytes(20_000)
    (tmp_path / "run.parquet").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"run\.parquet: not a whole Parquet file"):
        list(tables.records(tables.read(tmp_path / "run.parquet")))


RECORDS = st.builds(
    Record,
    id=st.text(max_size=3),
    text=st.none() | st.text(max_size=5),
    tokens=st.none() | st.lists(st.integers(0, 2**40), max_size=3).map(tuple),
    context=st.text(max_size=2),
    set=st.none() | st.text(max_size=2),
    variant=st.integers(0, 9),
    view=st.text(max_size=2),
    spans=st.lists(st.builds(Span, st.integers(0, 9), st.integers(0, 9), st.just(("a", "b"))), max_size=2).map(tuple),
)


@settings(max_examples=40)
@given(st.lists(RECORDS, max_size=5))
def test_records_come_back_as_they_were(records):
    """Whatever a record holds, lone surrogates too, it waits on the disk and is the same."""
    held = spills.held(records)
    assert list(held) == records
    assert [held[at] for at in range(len(records))] == records
    assert held == records == list(held[:])


def test_lists_of_numbers_come_back_in_any_order():
    """Single, repeated, empty, backwards: each list is its own."""
    numbers, lists = spills.Numbers(), [np.float32([1, 2]), np.float32([]), np.float32([3]), np.float32([4, 5, 6])]
    numbers.append(np.concatenate(lists[:2]), np.array([2, 0]))
    numbers.append(np.concatenate(lists[2:]), np.array([1, 3]))
    for asked in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 1], [2, 3, 0], []):
        found = numbers.take(np.array(asked, dtype=np.int64))
        assert [one.tolist() for one in found] == [lists[at].tolist() for at in asked]


@given(NAMES, NAMES)
def test_names_are_found_where_they_first_stand(names, asked):
    """As by a dictionary; the first name that stands again is told with its place."""
    index = lookup.Index.of(lookup.digests(names))
    found = index.find(lookup.digests(asked)).tolist()
    assert found == [names.index(name) if name in names else -1 for name in asked]
    again = next(((at, names.index(name)) for at, name in enumerate(names) if name in names[:at]), None)
    assert index.again() == again
    assert lookup.different(names) == len(set(names))


@given(st.lists(st.lists(st.integers(0, 9), max_size=3), min_size=1, max_size=6), st.data())
def test_ragged_lists_are_lists(lists, data):
    """Taken, sliced and joined as tuples of arrays are."""
    held = ragged.of([np.array(one, dtype=np.int64) for one in lists])
    rows = data.draw(st.lists(st.integers(0, len(lists) - 1), max_size=8))
    assert [one.tolist() for one in held] == lists
    assert [one.tolist() for one in held.take(np.array(rows, dtype=np.int64))] == [lists[row] for row in rows]
    assert [one.tolist() for one in held[1:]] == lists[1:]
    assert [one.tolist() for one in ragged.joined(held, held[1:])] == lists + lists[1:]


def test_unheld_lists_are_sequences():
    """Length, items, slices, equality and the way to another process are those of a tuple."""
    squares = unheld.Unheld(length=4, passing=lambda: (at * at for at in range(4)), at=lambda at: at * at)
    assert squares == (0, 1, 4, 9) != squares[1:]
    assert (squares[-1], squares[1:3], len(squares), 4 in squares) == (9, (1, 4), 4, True)
    assert squares.__reduce__() == (tuple, ((0, 1, 4, 9),))
    assert list(unheld.taken(squares, np.array([3, 1]))) == [9, 1]
    with pytest.raises(IndexError):
        squares[4]


def test_columns_of_other_parts_are_laid_side_by_side(monkeypatch):
    """However each column is cut, parts are as long in all."""
    monkeypatch.setattr(unheld, "AT_ONCE", 3)
    letters = unheld.of_arrays([pa.array(list("ab")), pa.array(list("cdefg"))])
    pairs = list(unheld.together((letters, pa.string()), (range(7), pa.int64())))
    assert [(one.to_pylist(), two.to_pylist()) for one, two in pairs] == [
        (["a", "b"], [0, 1]),
        (["c"], [2]),
        (["d", "e", "f"], [3, 4, 5]),
        (["g"], [6]),
    ]
