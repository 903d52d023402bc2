"""Records that ask to be left alone say so in every format that has fields."""

import json

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from provenance import corpora
from provenance.errors import InputError

ROWS = [("a", True), ("b", False), ("c", None)]


def flags(path, field="private"):
    """Read which documents opted out."""
    return [entry.opted_out for entry in corpora.read(corpora.open(path, opt_out_field=field))]


def test_jsonl_records_opt_out_by_a_field_nested_or_not(tmp_path):
    """True opts out; false, null and a missing field do not."""
    path = tmp_path / "c.jsonl"
    records = [{"text": "a", "m": {"private": True}}, {"text": "b", "m": {"private": False}}, {"text": "c", "m": {}}]
    path.write_text("".join(json.dumps(record) + "\n" for record in [*records, {"text": "d"}]))
    assert flags(path, "m.private") == [True, False, False, False]


def test_csv_rows_opt_out_by_a_word(tmp_path):
    """Words for yes and no are read, an empty cell is no."""
    path = tmp_path / "c.csv"
    path.write_text("text,private\na,TRUE\nb,no\nc,\nd,1\n")
    assert flags(path) == [True, False, False, True]


def test_parquet_and_datasets_rows_opt_out_by_a_column(tmp_path):
    """A boolean column, null being no."""
    table = {"text": [text for text, _ in ROWS], "private": [flag for _, flag in ROWS]}
    pq.write_table(pa.table(table), tmp_path / "c.parquet")
    datasets.Dataset.from_dict(table).save_to_disk(tmp_path / "saved")
    assert flags(tmp_path / "c.parquet") == flags(tmp_path / "saved") == [True, False, False]


def test_a_value_that_is_neither_yes_nor_no_is_named(tmp_path):
    """What cannot be understood is not guessed at: somebody may have wanted to opt out."""
    path = tmp_path / "c.csv"
    path.write_text("text,private\na,maybe\n")
    with pytest.raises(InputError, match=r"c\.csv:2.*neither yes nor no"):
        flags(path)


def test_plain_text_has_no_field_to_opt_out_by(tmp_path):
    """A folder of texts is refused, not marked in spite of the wish."""
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(InputError, match="no fields"):
        flags(tmp_path)
