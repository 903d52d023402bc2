"""Likelihoods computed elsewhere."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from provenance import suspects
from provenance.errors import InputError
from provenance.records import Record

ROWS = [{"id": "a", "loss": 2.5, "each": [-1.0, -2.0]}, {"id": "b", "loss": 0.5, "each": [-0.5]}]


def _quiet(_done, _total):
    """Show nothing."""


def _write(path, rows):
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".csv":
        flat = [{key: value for key, value in row.items() if key != "each"} for row in rows]
        path.write_text("\n".join(",".join(map(str, line)) for line in [flat[0], *(row.values() for row in flat)]))
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _ask(name, records):
    return list(suspects.load(name).score(records, window=None, progress=_quiet))


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_scalars_from_any_format(tmp_path, suffix):
    """A loss read with a minus is a log-likelihood, in the order asked, whatever the order of the file."""
    path = _write(tmp_path / f"f{suffix}", ROWS)
    found = _ask(f"column:{path}:-loss", [Record(id="b"), Record(id="a")])
    assert [score.logprob.tolist() for score in found] == [[-0.5], [-2.5]]


def test_lists_have_one_number_a_token(tmp_path):
    """A list stays a list."""
    path = _write(tmp_path / "f.jsonl", ROWS)
    assert _ask(f"column:{path}:each", [Record(id="a")])[0].logprob.tolist() == [-1.0, -2.0]


def test_variants_are_joined_where_the_file_has_them(tmp_path):
    """With a column ``variant`` each variant has its own number; without, all share one."""
    rows = [{"id": "a", "variant": index, "ll": -float(index)} for index in range(3)]
    path = _write(tmp_path / "f.parquet", rows)
    found = _ask(f"column:{path}:ll", [Record(id="a", variant=2), Record(id="a", variant=0)])
    assert [score.logprob[0] for score in found] == [-2.0, 0.0]


def test_missing_rows_are_counted_and_named(tmp_path):
    """A record without a row is an error with count and first ids."""
    path = _write(tmp_path / "f.jsonl", ROWS)
    with pytest.raises(InputError, match="4 of 5 records have no row: c, d, e, …"):
        _ask(f"column:{path}:loss", [Record(id=name) for name in "acdef"])


@pytest.mark.parametrize(
    ("rows", "name", "message"),
    [
        (ROWS, "nothing", "no column 'nothing'.*id, loss, each"),
        ([{"x": 1}], "x", "no column 'id'"),
        ([ROWS[0], ROWS[0]], "loss", "f.jsonl:2: id 'a' stands twice"),
        ([ROWS[0], {"id": "b", "loss": None, "each": []}], "loss", "f.jsonl:2: loss of id 'b' is null"),
        ([{"id": "a", "loss": "high"}], "loss", "holds no numbers but string"),
    ],
)
def test_bad_files(tmp_path, rows, name, message):
    """Wrong columns, repeats, nulls and words are one clear line each."""
    path = _write(tmp_path / "f.jsonl", rows)
    with pytest.raises(InputError, match=message):
        _ask(f"column:{path}:{name}", [Record(id="a")])


def test_bad_names():
    """A name without a column, a missing file and an unknown kind are said."""
    for name, message in (
        ("column:x", "column:FILE:NAME"),
        ("column:nowhere.jsonl:x", "no such file"),
        ("column:x.txt:y", "unknown kind of file"),
        ("oracle:x", "unknown suspect"),
    ):
        with pytest.raises(InputError, match=message):
            suspects.load(name)
