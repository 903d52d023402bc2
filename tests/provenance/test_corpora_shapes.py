"""Which fields the records of a corpus have."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from provenance import corpora
from provenance.corpora import delimited, shapes

VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text())
NAMES = {str: "text", int: "integer", float: "float", bool: "boolean"}


def columns(path):
    """Give the fields of a corpus at a path."""
    corpus = corpora.open(path)
    return shapes.columns(corpus.files, corpus)


@given(values=st.lists(VALUES, min_size=1, max_size=6))
def test_a_type_is_that_of_every_value(tmp_path_factory, values):
    """One type where all values have it, nulls aside; a number where some are whole; else none."""
    path = tmp_path_factory.mktemp("shapes") / "c.jsonl"
    path.write_text("".join(json.dumps({"text": "x", "value": value}) + "\n" for value in values))
    kinds = {type(value) for value in values if value is not None}
    expected = "float" if kinds == {int, float} else NAMES[kinds.pop()] if len(kinds) == 1 else None
    assert columns(path) == {"text": "text", "value": expected}


def test_files_are_taken_together(tmp_path):
    """A field of any file is a field, and is of one type only if it is in all of them; blank lines are none."""
    (tmp_path / "a.jsonl").write_text('\n{"text": "x", "n": 1, "odd": 1}\n\n')
    (tmp_path / "b.jsonl.gz").write_bytes(
        gzip.compress(b'\xef\xbb\xbf{"text": "y", "n": 0.5, "odd": "z", "late": true}\n')
    )
    assert columns(tmp_path) == {"text": "text", "n": "float", "odd": None, "late": "boolean"}


def test_keys_that_are_data_do_not_fill_the_memory(tmp_path):
    """Where every record has another key, only so many are looked at."""
    lines = [json.dumps({"text": "x", f"key-{row}": row}) + "\n" for row in range(shapes.MOST_FIELDS + 50)]
    (tmp_path / "c.jsonl").write_text("".join(lines))
    assert len(columns(tmp_path / "c.jsonl")) == shapes.MOST_FIELDS


def test_a_table_names_its_types(tmp_path):
    """Strings, plain or of a dictionary, numbers and booleans; lists and dates are of none that could be named."""
    table = pa.table(
        {
            "text": pa.array(["x"]).dictionary_encode(),
            "large": pa.array(["x"], pa.large_string()),
            "n": pa.array([1], pa.uint8()),
            "p": pa.array([0.5], pa.float32()),
            "b": [True],
            "list": [[1]],
        }
    )
    pq.write_table(table, tmp_path / "c.parquet")
    expected = {"text": "text", "large": "text", "n": "integer", "p": "float", "b": "boolean", "list": None}
    assert columns(tmp_path / "c.parquet") == expected


def test_a_header_is_read_as_the_rows_are(tmp_path):
    """Quotes, line ends inside them and the delimiter are those that reading finds; all columns are text."""
    path = tmp_path / "c.csv"
    path.write_text('id;"text";"a;b\n""c"""\n1;x;2\n', newline="")
    corpus = corpora.open(path)
    assert delimited.header(corpus.files[0], corpus) == (";", ["id", "text", 'a;b\n"c"'])
    assert columns(path) == {"id": "text", "text": "text", 'a;b\n"c"': "text"}
