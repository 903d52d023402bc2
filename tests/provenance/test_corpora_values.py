"""One field of every document of a corpus."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from provenance import corpora
from provenance.errors import InputError

ROWS = [{"text": "one", "book": "a"}, {"text": "two", "book": "b"}, {"text": "three", "book": "a"}]


def _write(path, rows):
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".csv":
        path.write_text("text,book\n" + "".join(f"{row['text']},{row['book']}\n" for row in rows), encoding="utf-8")
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["c.jsonl", "c.csv", "c.parquet"])
def test_values_repeat_and_keep_their_order(tmp_path, name):
    """A field that is no id may come twice, in every format."""
    corpus = corpora.open(_write(tmp_path / name, ROWS))
    assert list(corpora.values(corpus, "book", option="--cluster-field")) == ["a", "b", "a"]


@pytest.mark.parametrize("name", ["c.jsonl", "c.csv", "c.parquet"])
def test_a_field_that_is_not_there_names_its_option(tmp_path, name):
    """The message says which option to mend, and with what."""
    corpus = corpora.open(_write(tmp_path / name, ROWS))
    with pytest.raises(InputError, match="no field 'boko'; expected one of text, book; try --cluster-field book"):
        list(corpora.values(corpus, "boko", option="--cluster-field"))


def test_plain_text_has_no_fields(tmp_path):
    """A text file is one document without fields."""
    (tmp_path / "c.txt").write_text("Only text.", encoding="utf-8")
    with pytest.raises(InputError, match="plain text has no field 'book'; try leaving --cluster-field out"):
        list(corpora.values(corpora.open(tmp_path / "c.txt"), "book", option="--cluster-field"))
